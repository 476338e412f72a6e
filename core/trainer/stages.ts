/**
 * Every stage of a training, in order: its fixed name, what it does, and how long it takes beside Model selection. Progress,
 * pages, the API and the command line read this record; the work itself is in core/training/stages.
 */

export interface StageRecord {
  name: string;
  /** One sentence for people. */
  says: string;
  /**
   * Its time after Model selection as a share of Model selection's own, measured by `bench progress`; 0 for that stage and
   * those before it.
   */
  afterSelection: number;
}

export const STAGE_RECORDS = [
  { name: "Data validation", says: "Check columns, target and data quality.", afterSelection: 0 },
  { name: "Data preprocessing", says: "Split into training and test sets.", afterSelection: 0 },
  {
    name: "Feature engineering",
    says: "Turn text, dates and missing values into numbers.",
    afterSelection: 0,
  },
  { name: "Model selection", says: "Compare several kinds of model by cross-validation.", afterSelection: 0 },
  { name: "Training", says: "Train the best candidate on the training set.", afterSelection: 0.02 },
  { name: "Model validation", says: "Check that probabilities are reliable.", afterSelection: 0.02 },
  { name: "Performance evaluation", says: "Score the model on the test set.", afterSelection: 0.13 },
  { name: "Finalizing", says: "Save the model.", afterSelection: 0.01 },
] as const satisfies readonly StageRecord[];

export type StageName = (typeof STAGE_RECORDS)[number]["name"];

/** The names, in order. */
export const STAGE_NAMES: readonly StageName[] = STAGE_RECORDS.map(({ name }) => name);
