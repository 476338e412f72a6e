/** Shows an exported chart as an image, in the colours and the width that the reader's screen has. */

const NARROW = 280;

/** `path`: the chart's address, without a query. Loaded when it comes into view. */
export function ThemedChart({ path, alt }: { path: string; alt: string }) {
  const drawn = (theme: string, width = 640) => `${path}?format=svg&theme=${theme}&width=${width}`;
  return (
    <picture>
      <source
        media="(max-width: 560px) and (prefers-color-scheme: dark)"
        srcset={drawn("dark", NARROW)}
        width={String(NARROW)}
      />
      <source media="(max-width: 560px)" srcset={drawn("light", NARROW)} width={String(NARROW)} />
      <source media="(prefers-color-scheme: dark)" srcset={drawn("dark")} />
      <img class="chart-image" src={drawn("light")} loading="lazy" width="640" alt={alt} />
    </picture>
  );
}
