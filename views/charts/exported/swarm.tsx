/** Draws a beeswarm: of each column a lane, of each row a dot. */
import { scaleLinear } from "d3-scale";
import { extent } from "../chart.tsx";
import {
  at,
  type Drawn,
  LABELS,
  LANE,
  laneOf,
  MOST_LABEL,
  NARROW,
  RIGHT,
  short,
  TOP,
  XAxis,
} from "./axes.tsx";

/** One dot per row, piled up where they are close; its shade is the value's rank between low and high. */
export function Swarm(drawn: Drawn) {
  const { chart, palette, width, height } = drawn;
  const lane = laneOf(width);
  const isNarrow = width < NARROW;
  const left = isNarrow ? 16 : LABELS;
  const x = scaleLinear(extent(chart.series.flatMap(({ points }) => points.map(([value]) => value))), [
    left,
    width - RIGHT - 8,
  ]);
  const middleOf = (k: number) => TOP + (k + 1) * lane - LANE / 2;
  return (
    <>
      <line x1={at(x(0))} x2={at(x(0))} y1={TOP} y2={TOP + height} stroke={palette.rule} />
      {chart.series.map(({ name, points }, k) => (
        <>
          <text
            x={isNarrow ? left : left - 8}
            y={isNarrow ? TOP + k * lane + 12 : middleOf(k) + 4}
            text-anchor={isNarrow ? "start" : "end"}
            fill={palette.ink}
          >
            {short(name, MOST_LABEL)}
          </text>
          {piled(points.map(([value]) => x(value))).map((dy, row) => (
            <circle
              cx={at(x(points[row]![0]))}
              cy={at(middleOf(k) + dy)}
              r="2.4"
              fill={shade(drawn, points[row]![1])}
            />
          ))}
        </>
      ))}
      <XAxis {...drawn} x={x} />
      <text x="16" y={TOP - 16}>
        value:
      </text>
      {[0, 0.25, 0.5, 0.75, 1].map((place, k) => (
        <circle cx={92 + k * 12} cy={TOP - 20} r="4" fill={shade(drawn, place)} />
      ))}
      <text x="62" y={TOP - 16}>
        low
      </text>
      <text x="152" y={TOP - 16}>
        high
      </text>
    </>
  );
}

/** How far each dot moves from its lane's middle, so that close ones do not hide each other. */
function piled(xs: readonly number[]): number[] {
  const taken = new Map<number, number>();
  return xs.map((x) => {
    const bin = Math.round(x / 4);
    const before = taken.get(bin) ?? 0;
    taken.set(bin, before + 1);
    const step = Math.ceil(before / 2) * (before % 2 ? 1 : -1);
    return Math.max(-LANE / 2 + 3, Math.min(LANE / 2 - 3, step * 2.6));
  });
}

function shade({ palette, theme }: Drawn, place: number): string {
  if (place < 0) return palette.soft;
  const [low, high] = theme === "light" ? ["#1f6fb2", "#c2373f"] : ["#6db3f2", "#ff8a80"];
  const part = (text: string, k: number) => Number.parseInt(text.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => Math.round(part(low, k) + place * (part(high, k) - part(low, k))));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
