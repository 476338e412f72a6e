/**
 * A model of 100 trees in a data folder that no server holds: what a race chooses differs from machine to machine, and
 * what is measured must not. It takes the place of a trained version's model, with its columns and classes.
 */
import { join } from "node:path";
import type { Table } from "../../core/csv/types.ts";
import { readConfig } from "../../core/operations/config.ts";
import { openSignalbox } from "../../core/process/signalbox.ts";
import { encodeRows } from "../../core/trainer/encoding/encoder.ts";
import { trainBoosting } from "../../core/trainer/learners/trees/boosting.ts";
import { type Model, rowRange } from "../../core/trainer/model/model.ts";
import { readModel, writeModel } from "../../core/trainer/model/model-file.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import type { Samples, Target } from "../../core/trainer/samples.ts";

export const TREES = 100;

export async function plantHundredTrees(
  folder: string,
  name: string,
  data: { samples: Samples; target: Target },
  /** The same trees are in the file so often: they predict the same. */
  copies = 1,
): Promise<void> {
  const signalbox = await openSignalbox(readConfig({ DATA_DIR: folder, LOG_LEVEL: "error" }));
  const version = await signalbox.models.findVersion(name, 1);
  const model = await withHundredTrees(readModel(await signalbox.models.read(version)), data);
  const [part] = model.parts;
  part!.members = Array.from({ length: copies }, () => part!.members[0]!);
  const path = join(folder, "planted.bin");
  await Bun.write(path, writeModel(model));
  const planted = await signalbox.models.adopt(version.runId, path);
  await signalbox.store.run(
    "UPDATE model_versions SET sha256 = $sha256, size_bytes = $sizeBytes WHERE name = $name",
    {
      ...planted,
      name,
    },
  );
  await signalbox.close();
}

async function withHundredTrees(
  model: Model,
  { samples, target }: { samples: Samples; target: Target },
): Promise<Model> {
  const encoded = encodeRows(model.encoder, tableOf(samples)).samples;
  const boosting = await trainBoosting(encoded, target, {
    ...{ params: { maxRounds: TREES }, validRows: null, random: seededRandom(1), checkpoint() {} },
    trainRows: rowRange(0, samples.rows),
  });
  const transform = { kind: "none" } as const;
  const member = { kind: "boosting", model: boosting, supervised: -1, transform } as const;
  const part = { name: "boosting", family: "boosting", weight: 1, members: [member] };
  return { ...model, classes: target.classes, parts: [part], calibration: null, threshold: null };
}

function tableOf({ rows, features }: Samples): Table {
  const columns = features.map((feature) =>
    feature.kind === "number"
      ? { name: feature.name, type: "number" as const, values: feature.values }
      : { name: feature.name, type: "category" as const, codes: feature.codes, labels: feature.labels },
  );
  return { rows, columns };
}
