/** Defines what an event is: its data, its row of activity and the panels that it makes stale. */
import type * as z from "zod";
import type { PanelKey } from "./panel-names.ts";

export type Level = "info" | "success" | "warning" | "error";

export interface EventType<S extends z.ZodType> {
  data: () => S;
  level: Level | ((data: z.output<S>) => Level);
  /** Null: not shown in the activity feed. */
  sentence: ((data: z.output<S>) => string | null) | null;
  stale: (data: z.output<S>) => PanelKey[];
}

/** For an event without a row of activity. */
export const NO_ACTIVITY = { level: "info", sentence: null } as const;
export const event = <S extends z.ZodType>(type: EventType<S>) => type;
