/** Draws the confusion matrix of two classes, whose cells follow the threshold. */

export interface PairMatrixProps {
  /** The negative class, the positive class. */
  classes: readonly [string, string];
  /** Texts by figure: tn, fp, fn, tp. */
  told: Record<string, string>;
}

export function PairMatrix({ classes: [no, yes], told }: PairMatrixProps) {
  const cell = (name: string, kind: "right" | "wrong") => (
    <td class={`number ${kind} shade-${kind === "right" ? 3 : 1}`} data-figure={name}>
      {told[name]}
    </td>
  );
  return (
    <section class="scroll" tabindex={0} aria-label="Confusion matrix">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">actual / predicted</th>
            <th scope="col" class="number">
              <ClassName of={no} />
            </th>
            <th scope="col" class="number">
              <ClassName of={yes} />
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">
              <ClassName of={no} />
            </th>
            {cell("tn", "right")}
            {cell("fp", "wrong")}
          </tr>
          <tr>
            <th scope="row">
              <ClassName of={yes} />
            </th>
            {cell("fn", "wrong")}
            {cell("tp", "right")}
          </tr>
        </tbody>
      </table>
    </section>
  );
}

/** As wide as there is room for; its title has the full name. */
export function ClassName({ of }: { of: string }) {
  return (
    <bdi class="class-name" title={of}>
      {of}
    </bdi>
  );
}
