/** Draws how a dataset's newest file differs from the previous one: rows, columns, types and distributions. */
import type { DatasetChanges } from "../../core/store/datasets.ts";

const TYPE_WORDS: Record<string, string> = { boolean: "Yes/No", text: "free text", id: "ID" };
const typeWord = (type: string) => TYPE_WORDS[type] ?? type;

export function Changes({ changes }: { changes: DatasetChanges }) {
  const { since, sentence, warnings, came, went, types, distributions } = changes;
  const rows = [
    ...came.map((column) => ({ column, from: "not there", to: "new column" })),
    ...went.map((column) => ({ column, from: "there", to: "gone" })),
    ...types.map(({ column, from, to }) => ({ column, from: typeWord(from), to: typeWord(to) })),
    ...distributions,
  ];
  return (
    <section class="panel" id="changes" aria-labelledby="changes-heading">
      <h2 id="changes-heading">Changes since version {since}</h2>
      <p>{sentence}</p>
      {warnings.map((warning) => (
        <p class="note note-danger">{warning}</p>
      ))}
      {rows.length > 0 && (
        <section class="scroll" tabindex={0} aria-label="Columns that changed">
          <table class="choices">
            <thead>
              <tr>
                <th scope="col">Column</th>
                <th scope="col">Before</th>
                <th scope="col">Now</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ column, from, to }) => (
                <tr>
                  <th scope="row">{column}</th>
                  <td>{from}</td>
                  <td>{to}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
