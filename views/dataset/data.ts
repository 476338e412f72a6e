/** What do the parts of a file's page know of it? */
import type { CsvProfile } from "../../core/csv/types.ts";
import type { StoredDataset } from "../../core/store/datasets.ts";

export type ReadyDataset = StoredDataset & { profile: CsvProfile };
