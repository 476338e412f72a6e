/** The naive twin of core/profile.ts: keeps every number and sorts them. */
export interface NaiveProfile {
  count: number;
  missing: number;
  distinct: number;
  min: number;
  max: number;
  mean: number;
  std: number;
  quantiles: Record<"p05" | "p25" | "p50" | "p75" | "p95", number>;
  top: { value: string; count: number }[];
}

/** `values`: null if a cell is missing. */
export function profileNaively(values: readonly (number | null)[]): NaiveProfile {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const counts = new Map<number, number>();
  for (const value of known) counts.set(value, (counts.get(value) ?? 0) + 1);
  const at = (share: number) => {
    const place = share * (known.length - 1);
    const below = Math.floor(place);
    return known[below] + (place - below) * ((known[below + 1] ?? known[below]) - known[below]);
  };
  return {
    count: values.length,
    missing: values.length - known.length,
    distinct: counts.size,
    min: known[0],
    max: known[known.length - 1],
    mean,
    std: Math.sqrt(squares / Math.max(1, known.length - 1)),
    quantiles: { p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) },
    top: [...counts]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, 12)
      .map(([value, count]) => ({ value: String(value), count })),
  };
}
