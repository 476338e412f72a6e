/**
 * Draws the exports of a version for experts: the model as a file, its rows with predictions, its charts, and
 * everything in one archive.
 */
import { exportedCharts } from "../../core/models/exports/charts.ts";
import type { EvaluationData } from "../../core/training/results/evaluation-data.ts";
import { type Links, url } from "../layout/page-context.ts";

const FORMATS: readonly { format: string; label: string; says: string }[] = [
  { format: "html", label: "Page", says: "one file that predicts offline in any browser" },
  { format: "mjs", label: "JavaScript", says: "a module without dependencies" },
  { format: "json", label: "JSON", says: "every number of the model" },
  { format: "onnx", label: "ONNX", says: "for runtimes in other languages" },
  { format: "lightgbm", label: "LightGBM", says: "LightGBM's own text format" },
  { format: "mlflow", label: "MLflow", says: "a folder for mlflow models serve, with the ONNX flavour" },
];

const FILES: readonly { path: string; label: string; says: string }[] = [
  {
    path: "archive",
    label: "Everything",
    says: "settings, figures, predictions, charts and the model in one tar",
  },
  {
    path: "predictions",
    label: "Predictions",
    says: "for training rows by the folds that held them out, and for test rows (CSV)",
  },
  { path: "predictions?format=parquet", label: "Predictions as Parquet", says: "the same for data frames" },
  { path: "folds", label: "Folds", says: "which fold held out each row (CSV)" },
  { path: "download?format=ipynb", label: "Notebook", says: "checks the version in Python" },
];

const versionPath = ({ name, version }: { name: string; version: number }) =>
  `/api/models/${encodeURIComponent(name)}/versions/${version}`;

export interface ExportProps {
  links: Links;
  name: string;
  version: number;
  /** Null: without the charts. */
  charted: { data: EvaluationData; target: string; metric: string } | null;
}

export function Export({ links, name, version, charted }: ExportProps) {
  const path = versionPath({ name, version });
  return (
    <>
      <h3 id="export">Export</h3>
      <ul class="formats">
        {FORMATS.map(({ format, label, says }) => (
          <ExportLink href={url(links, `${path}/download?format=${format}`)} label={label} says={says} />
        ))}
      </ul>
      <RunFiles links={links} name={name} version={version} />
      {charted && <Charts links={links} path={path} charted={charted} />}
    </>
  );
}

/** The files that a version's run leaves besides the model. */
export function RunFiles({ links, name, version }: { links: Links; name: string; version: number }) {
  const path = versionPath({ name, version });
  return (
    <ul class="formats">
      {FILES.map((file) => (
        <ExportLink href={url(links, `${path}/${file.path}`)} label={file.label} says={file.says} />
      ))}
    </ul>
  );
}

export function ExportLink({ href, label, says }: { href: string; label: string; says: string }) {
  return (
    <li>
      <a href={href} download>
        {label}
      </a>
      : <span class="fine">{says}</span>
    </li>
  );
}

function Charts(props: { links: Links; path: string; charted: NonNullable<ExportProps["charted"]> }) {
  const { links, path, charted } = props;
  const charts = exportedCharts({ ...charted, rounds: [], candidates: [] });
  if (charts.length === 0) return null;
  return (
    <details id="export-charts">
      <summary>Charts as SVG, PNG and CSV</summary>
      <ul class="formats">
        {charts.map(({ name, title }) => (
          <li>
            {title}:{" "}
            {["svg", "png", "csv"].map((format) => (
              <>
                <a
                  href={url(links, `${path}/charts/${encodeURIComponent(name)}?format=${format}`)}
                  aria-label={`${title} as ${format.toUpperCase()}`}
                >
                  {format.toUpperCase()}
                </a>{" "}
              </>
            ))}
          </li>
        ))}
      </ul>
    </details>
  );
}
