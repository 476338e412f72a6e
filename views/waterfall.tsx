/** Why this answer? What each column added to or took from the score, largest first. */
import { scaleLinear } from "d3-scale";
import { Figure } from "./chart.tsx";
import { figure } from "./format.ts";

const SHOWN = 8;
/** Where the score starts before any column is looked at. */
const BASE = "base";

export function Waterfall({ contributions }: { contributions: Record<string, number> }) {
  const ranked = Object.entries(contributions)
    .filter(([name]) => name !== BASE)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  if (!ranked.length) return null;
  const largest = Math.max(1e-12, ...ranked.map(([, value]) => Math.abs(value)));
  const x = scaleLinear([-largest, largest], [1, 99]);
  const [name, value] = ranked[0]!;
  const sentence = `${name} weighs most: it ${value >= 0 ? "raises" : "lowers"} the score by ${figure(Math.abs(value))}.`;
  return (
    <Figure
      id="waterfall"
      sentence={sentence}
      columns={["Column", "Adds to the score"]}
      rows={ranked.map(([head, share]) => ({ head, cells: [share] }))}
    >
      <ul class="waterfall">
        {ranked.slice(0, SHOWN).map(([head, share]) => (
          <li>
            <span class="waterfall-name">{head}</span>
            <svg class="strip" aria-hidden="true">
              <line class="strip-base" x1="50%" x2="50%" y1="0" y2="100%" />
              <rect
                class={share >= 0 ? "push-up" : "push-down"}
                x={`${Math.min(50, x(share))}%`}
                width={`${Math.abs(x(share) - 50)}%`}
                y="22%"
                height="56%"
              />
            </svg>
            <span class="waterfall-value">
              {share >= 0 ? "+" : "−"}
              {figure(Math.abs(share))}
            </span>
          </li>
        ))}
      </ul>
    </Figure>
  );
}
