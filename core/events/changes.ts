/** Changes to names, tags and notes, and the sentence for each. */
import "../platform/zod-setup.ts";
import * as z from "zod";

export const CHANGE = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("renamed"), from: z.string(), to: z.string() }),
  z.object({ kind: z.enum(["archived", "unarchived", "tagged", "noted"]) }),
]);
export type Change = z.output<typeof CHANGE>;

/** Null: nothing for the activity feed. */
export function changeSentence(label: string, change: Change): string | null {
  switch (change.kind) {
    case "renamed":
      return `${change.from} was renamed to ${change.to}`;
    case "archived":
      return `${label} was archived`;
    case "unarchived":
      return `${label} was restored from the archive`;
    default:
      return null;
  }
}
