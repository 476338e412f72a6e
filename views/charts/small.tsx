/** Small charts without axes, beside a figure or in a table's head; d3 is not loaded for them. */

/** Counts of equal-width bins, or of the commonest values, as bars without axes. */
export function Histogram({ counts, label }: { counts: readonly number[]; label: string }) {
  const highest = Math.max(1, ...counts);
  const width = 100 / Math.max(1, counts.length);
  return (
    <svg class="histogram" role="img" aria-label={label}>
      {counts.map((n, index) => (
        <rect
          x={`${round(index * width + width * 0.06)}%`}
          width={`${round(width * 0.88)}%`}
          y={`${round(100 - (100 * n) / highest)}%`}
          height={`${round((100 * n) / highest)}%`}
        />
      ))}
    </svg>
  );
}

const BOX = 1000;
const MARGIN = 30;

/** A line; the figure beside it says the present value. */
export function Sparkline(props: { values: readonly number[]; label: string; max?: number }) {
  const { values, label } = props;
  const top = props.max ?? Math.max(1, ...values);
  const last = Math.max(1, values.length - 1);
  const y = (value: number) => MARGIN + (BOX - 2 * MARGIN) * (1 - Math.min(1, Math.max(0, value / top)));
  const points = values.map((value, index) => `${Math.round((BOX * index) / last)},${Math.round(y(value))}`);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${BOX} ${BOX}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path
        class="line line-main"
        d={points.length ? `M${points.join("L")}` : ""}
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
