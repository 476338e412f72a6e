/** Sums, differences, products and ratios that equal the target, found by trying all of them on every row. */
export function naiveIdentities(columns: Record<string, number[]>, truth: number[]): string[][] {
  const names = Object.keys(columns);
  const found: string[][] = [];
  const holds = (value: (row: number) => number) =>
    truth.every((t, row) => Math.abs(value(row) - t) <= 1e-9 * Math.max(1, Math.abs(t)));
  for (const [i, a] of names.entries()) {
    for (const [j, b] of names.entries()) {
      if (j <= i) continue;
      const pair = [
        (row: number) => columns[a][row] + columns[b][row],
        (row: number) => columns[a][row] - columns[b][row],
        (row: number) => columns[b][row] - columns[a][row],
        (row: number) => columns[a][row] * columns[b][row],
        (row: number) => columns[a][row] / columns[b][row],
        (row: number) => columns[b][row] / columns[a][row],
      ];
      if (pair.some(holds)) found.push([a, b]);
      for (const [k, c] of names.entries()) {
        if (k > j && holds((row) => columns[a][row] + columns[b][row] + columns[c][row]))
          found.push([a, b, c]);
      }
    }
  }
  return found;
}
