/** Names the parts of a version's rows that can be exported. */
export const ROW_PARTS = ["all", "train", "test"] as const;
export type RowPart = (typeof ROW_PARTS)[number];
