/** Draws the list of models, with the live version of each and its score, and how much they predict. */
import type { ModelRow } from "../../core/routes/data/list-data.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { Sparkline } from "../charts/small.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { count, figures, plural } from "../parts/format.ts";
import { All, Empty, LampDot, Time } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { metricLabel, scoreWords } from "../parts/words.ts";

export function ModelsPanel({ data, links }: { data: PanelData["models"]; links: Links }) {
  if (!data.items.length)
    return (
      <Empty>
        No models yet. Open <a href={url(links, "/datasets")}>a dataset</a> and select Train model.
      </Empty>
    );
  const items = [...data.items].sort(
    (a, b) =>
      Number(b.liveVersion !== null) - Number(a.liveVersion !== null) ||
      b.trainedAt.localeCompare(a.trainedAt),
  );
  return (
    <>
      <ul class="rows">
        {items.map((model) => (
          <li class="row" id={`model-row-${model.name}`}>
            <LampDot lamp={model.liveVersion === null ? "dark" : "clear"} />
            <a class="row-name" href={url(links, modelPath(model.name))}>
              {model.name}
            </a>
            <span class="row-facts">{facts(model)}</span>
            <span class="row-when">
              <Time at={model.trainedAt} form="age" />
            </span>
          </li>
        ))}
      </ul>
      <All links={links} path="/models" label="All models" />
    </>
  );
}

function facts({ liveVersion, metric, score, baseline }: ModelRow): string {
  const state = liveVersion === null ? "Not live" : "Live";
  if (metric === null || score === null) return state;
  const [told, against] = figures(baseline === null ? [score] : [score, baseline]);
  return `${state}, ${metricLabel(metric)} ${told}${baseline === null ? "" : ` (baseline ${scoreWords(metric, baseline, against!)})`}`;
}

export function PredictionsPanel({ data }: { data: PanelData["predictions"] }) {
  const total = data.perMinute.reduce((sum, { predictions }) => sum + predictions, 0);
  if (total === 0) return <Empty>No predictions in the last hour.</Empty>;
  return (
    <>
      <p class="big-figure">
        <strong>{count(data.lastMinute)}</strong> this minute
      </p>
      <Sparkline
        values={data.perMinute.map(({ predictions }) => predictions)}
        label={`${plural(total, "prediction")} in the last hour, by minute`}
      />
      <p class="fine">{plural(total, "prediction")} in the last hour.</p>
    </>
  );
}
