/** Why this answer? What each column added to or took from the score, largest first. */

import { figure } from "../parts/format.ts";
import { BarList, Figure } from "./chart.tsx";

const SHOWN = 8;
/** Where the score starts before any column is looked at. */
const BASE = "base";

export function Waterfall(props: { contributions: Record<string, number>; of: string }) {
  const { contributions, of } = props;
  const ranked = Object.entries(contributions)
    .filter(([name]) => name !== BASE)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  if (!ranked.length) return null;
  const [name, value] = ranked[0]!;
  const sentence =
    `${name} weighs most: it ${value >= 0 ? "raises" : "lowers"} ${of}. The score starts at ` +
    `${figure(contributions[BASE] ?? 0)}, as for any row, and each bar adds to it: the higher it gets, the higher ${of}.`;
  return (
    <Figure
      id="waterfall"
      sentence={sentence}
      columns={["Column", "Adds to the score"]}
      rows={ranked.map(([head, share]) => ({ head, cells: [share] }))}
    >
      <BarList
        id="waterfall"
        bars={ranked.slice(0, SHOWN).map(([head, share]) => ({
          name: head,
          value: share,
          text: `${share >= 0 ? "+" : ""}${figure(share)}`,
        }))}
      />
    </Figure>
  );
}
