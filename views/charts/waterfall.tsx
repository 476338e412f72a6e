/** How does an answer come about? The base value first, then what each column adds or takes, and what they sum to. */
import { figures } from "../parts/format.ts";
import { BarList, Figure, type NamedBar } from "./chart.tsx";

const SHOWN = 7;

export interface WaterfallProps {
  contributions: Record<string, number>;
  /** Where every row starts, before any column is looked at. */
  base: number;
  /** What is explained: the target, or a class. */
  of: string;
  /** What the bars are counted in: the target's unit, or log-odds. */
  scale: string;
}

export function Waterfall({ contributions, base, of, scale }: WaterfallProps) {
  const ranked = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const [first] = ranked;
  if (!first) return null;
  const rest = ranked.slice(SHOWN);
  const others = rest.reduce((sum, [, value]) => sum + value, 0);
  const total = ranked.reduce((sum, [, value]) => sum + value, base);
  const parts: [string, number][] = [
    ["Base value", base],
    ...ranked.slice(0, SHOWN),
    ...(rest.length ? [[`${rest.length} other columns`, others] satisfies [string, number]] : []),
    ["Sum", total],
  ];
  const written = figures(parts.map(([, value]) => value));
  const bars = parts.map(([name, value], k): NamedBar => {
    const isEnd = k === 0 || k === parts.length - 1;
    const text = isEnd || value < 0 ? written[k]! : `+${written[k]}`;
    return { name, value, text, tone: isEnd ? "total" : "part" };
  });
  const sentence =
    `${first[0]} matters most here: it ${first[1] >= 0 ? "raises" : "lowers"} ${of}. ` +
    `The base value is the average over the training rows; each bar adds to it (${scale}).`;
  return (
    <Figure
      id="waterfall"
      sentence={sentence}
      columns={["Column", `Adds (${scale})`]}
      rows={[["Base value", base] as const, ...ranked].map(([head, value]) => ({ head, cells: [value] }))}
    >
      <BarList id="waterfall" bars={bars} />
    </Figure>
  );
}
