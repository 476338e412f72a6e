/**
 * Responses with models: everything that their pages show, including the metrics, the schema and the card of one
 * version.
 */
import { modelCard } from "../../../../models/exports/card.ts";
import type { Signalbox } from "../../../../process/signalbox.ts";
import type { PageRange } from "../../../../store/lists.ts";
import { findVersion, type StoredVersion } from "../../../../store/models.ts";
import { findRun } from "../../../../store/runs.ts";
import { modelPage, modelView } from "../../../data/panel-data.ts";

/** `card` in Markdown; null if its run was deleted. */
export async function leadOf({ store }: Signalbox, version: StoredVersion) {
  const run = await findRun(store, version.runId);
  const { metrics, schema } = version.result;
  return { metrics, schema, card: run && modelCard(version, run) };
}

/** Led by the live version, else by the newest. */
export async function modelAnswer(signalbox: Signalbox, name: string) {
  return ledBy(signalbox, await modelView(signalbox, name));
}

/** A page of the list, each model led in the same way. */
export async function modelsAnswer(signalbox: Signalbox, range: PageRange) {
  const { items, next } = await modelPage(signalbox, range);
  return { items: await Promise.all(items.map((model) => ledBy(signalbox, model))), next };
}

interface Model {
  name: string;
  liveVersion: number | null;
  versions: readonly { version: number }[];
}

async function ledBy<T extends Model>(signalbox: Signalbox, model: T) {
  const version = await findVersion(
    signalbox.store,
    model.name,
    model.liveVersion ?? model.versions[0]!.version,
  );
  return { ...model, ...(await leadOf(signalbox, version!)) };
}
