/** Draws how a version compares with the previous one, on the same rows, and which columns changed. */
import type { VersionComparison } from "../../../core/trainer/contract.ts";
import { count, figure, plural } from "../../parts/format.ts";
import { isLowerBetter, metricLabel } from "../../parts/words.ts";

export function ComparisonView({ comparison }: { comparison: VersionComparison | null | undefined }) {
  if (!comparison) return null;
  const { version, metrics, rows, sentence } = comparison;
  return (
    <section class="panel" aria-labelledby="comparison-heading">
      <h2 id="comparison-heading">Compared with version {count(version)}</h2>
      <p class="lead">{sentence}</p>
      {rows > 0 && (
        <>
          <section class="scroll" tabindex={0} aria-label={`Compared with version ${version}`}>
            <table class="metrics">
              <thead>
                <tr>
                  <th scope="col">Metric</th>
                  <th scope="col" class="number">
                    Version {version}
                  </th>
                  <th scope="col" class="number">
                    This model
                  </th>
                  <th scope="col">Difference (95 % interval)</th>
                </tr>
              </thead>
              <tbody>
                {Object.entries(metrics).map(([name, { before, after, interval }]) => (
                  <tr>
                    <th scope="row">{metricLabel(name)}</th>
                    <td class="number">{figure(before)}</td>
                    <td class="number">{figure(after)}</td>
                    <td>
                      {figure(interval[0])} to {figure(interval[1])}: {judgement(name, interval)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          <p class="facts">
            Both predicted the same {plural(rows, "row")} of the new test set. Version {version} may have been
            trained on some of them, which would flatter it.
          </p>
        </>
      )}
    </section>
  );
}

function judgement(name: string, [low, high]: [number, number]): string {
  if (low <= 0 && high >= 0) return "within noise";
  return low > 0 !== isLowerBetter(name) ? "better" : "worse";
}
