/**
 * Writes a Jupyter notebook that checks a version with public libraries: it fetches the test rows with their
 * predictions, computes every metric with scikit-learn, and predicts the rows again with ONNX Runtime.
 */
import type { StoredVersion } from "../../store/models.ts";
import type { ColumnEncoding } from "../../trainer/encoding/columns.ts";
import type { RowNames } from "./row-tables.ts";

export interface NotebookAbout {
  version: StoredVersion;
  /** The server's URL as the reader sees it, with its base path. */
  home: string;
  /** Of the model's columns. */
  encodings: readonly ColumnEncoding[];
  /** Names of added columns beside those of the data, in rows with values. */
  names: RowNames;
}

type Cell = { kind: "markdown" | "code"; source: string };

export function notebook(about: NotebookAbout): string {
  const cells = [
    ...introduction(about),
    fetching(about),
    measuring(about),
    charts(about),
    ...answering(about),
  ].flat();
  return JSON.stringify(
    {
      cells: cells.map(({ kind, source }, k) => ({
        cell_type: kind,
        id: `cell-${k + 1}`,
        metadata: {},
        source: source.trim(),
        ...(kind === "code" && { execution_count: null, outputs: [] }),
      })),
      metadata: {
        kernelspec: { display_name: "Python 3", language: "python", name: "python3" },
        language_info: { name: "python" },
      },
      nbformat: 4,
      nbformat_minor: 5,
    },
    null,
    1,
  );
}

const markdown = (source: string): Cell => ({ kind: "markdown", source });
const code = (source: string): Cell => ({ kind: "code", source });
/** A JSON string is a valid Python string, too. */
const python = (value: string | readonly string[] | Record<string, number>) => JSON.stringify(value);

function introduction({ version: { name, version, result }, home }: NotebookAbout): Cell[] {
  return [
    markdown(`
# ${name} version ${version}

${result.verdict}

This notebook checks the model with public libraries. It fetches the ${result.rowsTest} test rows and the
model from Signalbox, computes every metric with scikit-learn, and predicts the rows again with ONNX Runtime.
It needs Python 3.10 or later with \`pandas scikit-learn onnxruntime matplotlib requests\`, and, where the server asks
you to sign in, a token with the scope \`read\` in the environment variable \`SIGNALBOX_TOKEN\`.
`),
    code(`
import json, os
import numpy as np, pandas as pd, requests
import matplotlib.pyplot as plt
from sklearn import metrics as sk

HOME = os.environ.get("SIGNALBOX_URL", ${python(home)})
VERSION = f"{HOME}/api/models/${encodeURIComponent(name)}/versions/${version}"
TOKEN = os.environ.get("SIGNALBOX_TOKEN")
session = requests.Session()
if TOKEN:
    session.headers["authorization"] = f"Bearer {TOKEN}"

def fetch(path):
    answer = session.get(f"{VERSION}/{path}")
    answer.raise_for_status()
    return answer
`),
  ];
}

/** Row weights are reported by a finding of the training. */
const isWeighted = ({ findings }: StoredVersion["result"]) =>
  findings.some(({ code: told }) => told === "weighted");

function fetching({ version: { result }, names }: NotebookAbout): Cell[] {
  const isNumber = result.task === "regression";
  return [
    markdown("## The test rows and the model's predictions"),
    code(`
text = fetch("predictions?part=test&values=1&format=ndjson").content.decode()
rows = pd.DataFrame([json.loads(line) for line in text.split("\\n") if line])
actual, prediction = rows[${python(names.actual)}], rows[${python(names.prediction)}]
${isNumber ? "actual, prediction = actual.astype(float), prediction.astype(float)" : `CLASSES = ${python(result.schema.classes ?? [])}\nPROBABILITIES = ${python(names.probabilities)}`}
weight = ${isWeighted(result) ? `rows[${python(names.weight)}].astype(float).to_numpy()` : "None"}
rows.head()
`),
  ];
}

function measuring({ version: { result } }: NotebookAbout): Cell[] {
  return [
    markdown("## The metrics, computed again"),
    code(`
SIGNALBOX = ${python(result.metrics)}
${{ binary: BINARY, multiclass: MULTICLASS, regression: REGRESSION }[result.task]}
table = pd.DataFrame({"signalbox": SIGNALBOX, "scikit-learn": measured}).loc[list(SIGNALBOX)]
assert np.allclose(table["signalbox"], table["scikit-learn"], rtol=1e-6, atol=1e-9), table
table
`),
  ];
}

const PROBABILITIES = `
probability = rows[PROBABILITIES].astype(float).to_numpy()
place = actual.map({name: k for k, name in enumerate(CLASSES)}).to_numpy()
is_class = np.eye(len(CLASSES))[place]
measured = {
    "log_loss": -np.average(
        np.log(np.clip(probability[np.arange(len(place)), place], np.finfo(float).eps, 1)), weights=weight
    ),
    "accuracy": sk.accuracy_score(actual, prediction, sample_weight=weight),
    "balanced_accuracy": sk.balanced_accuracy_score(actual, prediction, sample_weight=weight),
    "f1_macro": sk.f1_score(actual, prediction, average="macro", zero_division=0, sample_weight=weight),
    "mcc": sk.matthews_corrcoef(actual, prediction, sample_weight=weight),
`;

const BINARY = `positive = CLASSES[1]${PROBABILITIES}    "roc_auc": sk.roc_auc_score(place, probability[:, 1], sample_weight=weight),
    "average_precision": sk.average_precision_score(place, probability[:, 1], sample_weight=weight),
    "f1": sk.f1_score(actual, prediction, pos_label=positive, zero_division=0, sample_weight=weight),
    "precision": sk.precision_score(actual, prediction, pos_label=positive, zero_division=0, sample_weight=weight),
    "recall": sk.recall_score(actual, prediction, pos_label=positive, zero_division=0, sample_weight=weight),
    "brier": sk.brier_score_loss(place, probability[:, 1], sample_weight=weight),
}`;

const MULTICLASS = `${PROBABILITIES}    "precision": sk.precision_score(actual, prediction, average="macro", zero_division=0, sample_weight=weight),
    "recall": sk.recall_score(actual, prediction, average="macro", zero_division=0, sample_weight=weight),
    "brier": np.average(np.sum((probability - is_class) ** 2, axis=1), weights=weight),
}
here = [k for k in range(len(CLASSES)) if 0 < is_class[:, k].sum() < len(place)]
measured["roc_auc"] = np.mean([sk.roc_auc_score(is_class[:, k], probability[:, k], sample_weight=weight) for k in here])
measured["average_precision"] = np.mean(
    [sk.average_precision_score(is_class[:, k], probability[:, k], sample_weight=weight) for k in range(len(CLASSES)) if is_class[:, k].any()]
)`;

const REGRESSION = `measured = {
    "r2": sk.r2_score(actual, prediction, sample_weight=weight),
    "rmse": np.sqrt(sk.mean_squared_error(actual, prediction, sample_weight=weight)),
    "mae": sk.mean_absolute_error(actual, prediction, sample_weight=weight),
    "mse": sk.mean_squared_error(actual, prediction, sample_weight=weight),
    "mape": sk.mean_absolute_percentage_error(actual, prediction, sample_weight=weight),
    "median_absolute_error": sk.median_absolute_error(actual, prediction, sample_weight=weight),
    "explained_variance": sk.explained_variance_score(actual, prediction, sample_weight=weight),
}`;

function charts({ version: { result } }: NotebookAbout): Cell[] {
  const drawing = {
    binary: `
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
sk.RocCurveDisplay.from_predictions(place, probability[:, 1], ax=left, plot_chance_level=True)
sk.PrecisionRecallDisplay.from_predictions(place, probability[:, 1], ax=right)
plt.show()
`,
    multiclass: `
sk.ConfusionMatrixDisplay.from_predictions(actual, prediction, labels=CLASSES, xticks_rotation="vertical")
plt.show()
`,
    regression: `
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
left.scatter(actual, prediction, s=8, alpha=0.5)
left.axline((actual.mean(), actual.mean()), slope=1, linestyle="--")
left.set_xlabel("actual"), left.set_ylabel("predicted")
right.hist(prediction - actual, bins=40)
right.set_xlabel("predicted minus actual")
plt.show()
`,
  };
  return [markdown("## Charts"), code(drawing[result.task])];
}

function answering({ encodings, version: { result } }: NotebookAbout): Cell[] {
  const texts = encodings.filter(({ kind }) => kind === "text").map(({ column }) => column);
  if (texts.length > 0)
    return [
      markdown(`
## The model itself

This model reads words of ${texts.slice(0, 5).join(", ")}, which ONNX cannot hold, so this notebook cannot run it. The module
(\`download?format=mjs\`) predicts in Node.js, and the server with \`POST /predict\`.
`),
    ];
  const of = (kind: string) => encodings.filter((one) => one.kind === kind).map(({ column }) => column);
  const output = result.task === "regression" ? "prediction" : "probabilities";
  return [
    markdown(`
## The model itself

The file below is the tested model: the one before any retraining on the test rows.
`),
    code(`
import onnxruntime
model = onnxruntime.InferenceSession(fetch("download?format=onnx&tested=1").content)
NUMBERS, CATEGORIES, DATES = ${python(of("number"))}, ${python(of("category"))}, ${python(of("date"))}
inputs = {name: pd.to_numeric(rows[name]).to_numpy(float).reshape(-1, 1) for name in NUMBERS}
inputs |= {name: rows[name].fillna("").to_numpy(object).reshape(-1, 1) for name in CATEGORIES}
for name in DATES:
    moment = pd.to_datetime(rows[name], utc=True, format="ISO8601")
    since = (moment - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(milliseconds=1)
    inputs[name] = since.to_numpy(float).reshape(-1, 1)
answers = model.run([${python(output)}], inputs)[0]
${result.task === "regression" ? "expected = prediction.to_numpy().reshape(-1, 1)" : "expected = probability"}
# Doubles on both sides: what differs are last digits.
difference = np.max(np.abs(answers - expected) / np.maximum(1, np.abs(expected)))
assert difference < 1e-6, difference
print(f"{len(answers)} rows predicted by ONNX Runtime, the largest difference is {difference:.1e}")
`),
  ];
}
