/** Which columns does it lean on, and how does the answer move with each? Drops after shuffling, and effect curves. */
import { Figure, LineChart, RangeStrip } from "./chart.tsx";
import type { Effect, Importance } from "./evaluation-data.ts";
import { figure } from "./format.ts";

const SHOWN = 15;

export function ImportanceFigure({ importance }: { importance: readonly Importance[] }) {
  const ranked = [...importance].sort((a, b) => b.drop - a.drop);
  const top = ranked[0]!;
  const domain = [
    Math.min(0, ...ranked.map(({ drop }) => drop)),
    Math.max(1e-9, top.drop + top.std),
  ] as const;
  const sentence = `It leans most on ${top.feature}: without it the score falls by ${figure(top.drop)}.`;
  return (
    <Figure
      id="importance"
      sentence={sentence}
      columns={["Column", "Score lost without it", "Give or take"]}
      rows={ranked.map(({ feature, drop, std }) => ({ head: feature, cells: [drop, std] }))}
    >
      <ol class="leaderboard">
        {ranked.slice(0, SHOWN).map(({ feature, drop, std }) => (
          <li class="candidate">
            <span class="candidate-name">{feature}</span>
            <RangeStrip
              label={`${feature}: ${figure(drop)}`}
              domain={domain}
              value={drop}
              low={drop - std}
              high={drop + std}
              reference={0}
            />
            <span class="candidate-score">{figure(drop)}</span>
          </li>
        ))}
      </ol>
    </Figure>
  );
}

export function EffectFigures({ effects, target }: { effects: readonly Effect[]; target: string }) {
  return (
    <div class="effects">
      {effects.map((effect, index) => (
        <EffectFigure effect={effect} id={`effect-${index}`} target={target} />
      ))}
    </div>
  );
}

function EffectFigure({ effect, id, target }: { effect: Effect; id: string; target: string }) {
  const { feature, points } = effect;
  const ys = points.map(({ y }) => y);
  const sentence = `As ${feature} changes, ${target} moves between ${figure(Math.min(...ys))} and ${figure(Math.max(...ys))}.`;
  const line = points.map(({ x, y }, index) => [typeof x === "number" ? x : index, y] as const);
  return (
    <Figure
      id={id}
      sentence={sentence}
      columns={[feature, target]}
      rows={points.map(({ x, y }) => ({ head: typeof x === "number" ? figure(x) : x, cells: [y] }))}
    >
      <LineChart
        label={sentence}
        series={[{ name: feature, kind: "main", points: line }]}
        xLabel={feature}
        yLabel={target}
        dots={typeof points[0]!.x === "number" ? "hidden" : "shown"}
      />
    </Figure>
  );
}
