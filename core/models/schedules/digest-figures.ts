/** Reads the figures for a digest: how much each live model predicted and how well, and how large each dataset is. */
import type { Alerts } from "../../events/alerts.ts";
import type { DigestFigures } from "../../operations/alert-routes/digest.ts";
import type { Store } from "../../store/database.ts";
import { listDatasets } from "../../store/datasets.ts";
import { countPredictions, findVersion, listModels } from "../../store/models.ts";
import { METRICS } from "../../trainer/metrics/index.ts";
import type { Monitor } from "../monitoring/monitor.ts";

const MOST = 200;
const NEWEST = Number.MAX_SAFE_INTEGER;

export async function digestFigures(options: {
  store: Store;
  feedback: Monitor;
  alerts: Pick<Alerts, "active">;
}): Promise<DigestFigures> {
  const { store, feedback, alerts } = options;
  const models: DigestFigures["models"] = [];
  for (const { name, liveVersion } of await listModels(store, { before: NEWEST, limit: MOST })) {
    const version = liveVersion === null ? null : await findVersion(store, name, liveVersion);
    const live = version ? await feedback.live(name, version.version, version.result) : null;
    const figure = live?.figures.find(({ metric }) => metric === version!.result.metric) ?? live?.figures[0];
    models.push({
      name,
      liveVersion,
      predictions: await countPredictions(store, name),
      outcomes: live?.outcomes ?? 0,
      metric: figure ? METRICS[figure.metric].label : null,
      value: figure?.value ?? null,
    });
  }
  const datasets = (await listDatasets(store, { before: NEWEST, limit: MOST })).flatMap(
    ({ name, version, profile }) => (profile ? [{ name, version, rows: profile.rows }] : []),
  );
  return { models, datasets, alerts: (await alerts.active()).map(({ sentence }) => sentence) };
}
