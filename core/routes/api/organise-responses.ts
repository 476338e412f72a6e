/**
 * Shared parts of routes that delete or reorganise: the query, the response with its undo, and the ETag of names and
 * tags.
 */
import * as z from "zod";
import { lazily } from "../../platform/zod-setup.ts";
import type { Subject } from "../../process/organise/deletable.ts";
import { changeVisibility } from "../../process/organise/visibility.ts";
import type { Annotated, Annotations } from "../../store/annotations.ts";
import type { Owned, Visibility } from "../../store/ownership.ts";
import type { Call } from "./route.ts";

export const DELETE_QUERY = lazily(() =>
  z.object({
    now: z
      .enum(["0", "1"])
      .default("0")
      .describe("1 deletes permanently and at once, without a minute for undo"),
  }),
);

export const UNDO_NOTE =
  "Hidden at once; POST to the address in the Location header restores it within a minute.";

/** 204, with the address of the undo if there is one. */
export async function deletedAnswer(
  {
    signalbox,
    query,
    unchanged,
  }: Pick<Call<unknown, { now: "0" | "1" }>, "signalbox" | "query" | "unchanged">,
  subject: Subject,
): Promise<Response> {
  const undo = await signalbox.deletions.delete([subject], { isFinal: query.now === "1", unchanged });
  return new Response(null, { status: 204, headers: undo ? { location: `/api/undo/${undo}` } : {} });
}

/** Before all else that a request changes. Throws AppError `forbidden` for anybody but its owner and admins. */
export function switchVisibility(
  { signalbox, identity, unchanged }: Pick<Call, "signalbox" | "identity" | "unchanged">,
  asked: { kind: Annotated; subject: string; visibility: Visibility },
): Promise<void> {
  return changeVisibility(signalbox, { ...asked, by: identity, unchanged });
}

/** Another one once a name, tag, note or the archive changes; for ETags. */
export function organisedTag(
  name: string,
  { tags, note, archivedAt, effectiveVisibility }: Annotations & Pick<Owned, "effectiveVisibility">,
): string {
  return Bun.hash(JSON.stringify([name, tags, note, archivedAt, effectiveVisibility])).toString(36);
}
