/** Which drawings say how good the model is and why? One for each part of the evaluation that is there. */
import type { ModelSchema } from "../core/stages/stage.ts";

export function EvaluationView(props: { evaluation: Record<string, unknown>; schema: ModelSchema }) {
  const parts = Object.keys(props.evaluation);
  return (
    <section id="why" class="panel" aria-labelledby="why-heading">
      <h2 id="why-heading">Why it answers so</h2>
      {parts.length === 0 && <p class="empty">This version was stored without drawings.</p>}
    </section>
  );
}
