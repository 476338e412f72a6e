/** Shows on the same page why a form was refused. */
import type { Problem } from "../../core/http/problem.ts";
import { sentence } from "../parts/format.ts";

export function Refused({
  refusal,
  says = "That did not work.",
}: {
  refusal: Problem | null;
  says?: string;
}) {
  if (!refusal) return null;
  return (
    <section class="note note-danger" role="alert">
      <p>
        <strong>{says}</strong> {sentence(refusal.detail)}
      </p>
      {refusal.fix && <p>{sentence(refusal.fix)}</p>}
    </section>
  );
}
