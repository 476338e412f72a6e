/** Defines the data that the parts of a dataset's page draw. */
import type { CsvProfile } from "../../core/csv/types.ts";
import type { StoredDataset } from "../../core/store/datasets.ts";

export type ReadyDataset = StoredDataset & { profile: CsvProfile };
