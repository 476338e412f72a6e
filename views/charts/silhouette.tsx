/**
 * Draws how two distributions over the same bins differ: training rows as a filled shape, live rows as a line over it.
 */

import { percent } from "../parts/format.ts";
import { Figure } from "./chart.tsx";

const WIDTH = 1000;
const HEIGHT = 300;

export interface SilhouetteProps {
  id: string;
  /** What the chart shows. */
  sentence: string;
  bins: readonly { label: string; training: number; live: number }[];
}

export function Silhouette({ id, sentence, bins }: SilhouetteProps) {
  const shown = bins.filter(({ training, live }) => training > 0 || live > 0);
  const highest = Math.max(1e-9, ...shown.flatMap(({ training, live }) => [training, live]));
  const height = (share: number) => Math.round((HEIGHT * share) / highest);
  const width = WIDTH / Math.max(1, shown.length);
  const steps = (side: "training" | "live") =>
    shown.map((bin, index) => `V${HEIGHT - height(bin[side])}H${Math.round((index + 1) * width)}`).join("");
  return (
    <Figure
      id={id}
      sentence={sentence}
      columns={["Range or value", "In training", "Now"]}
      rows={shown.map(({ label, training, live }) => ({
        head: label,
        cells: [percent(training), percent(live)],
      }))}
    >
      <svg
        class="silhouette"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={sentence}
      >
        <path class="silhouette-training" d={`M0,${HEIGHT}${steps("training")}V${HEIGHT}Z`} />
        <path
          class="silhouette-live"
          d={`M0,${HEIGHT}${steps("live")}V${HEIGHT}`}
          vector-effect="non-scaling-stroke"
        />
      </svg>
      <p class="ends">
        <span>{shown[0]?.label}</span>
        <span>{shown.length > 1 ? shown.at(-1)!.label : ""}</span>
      </p>
    </Figure>
  );
}
