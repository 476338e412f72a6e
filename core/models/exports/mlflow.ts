/**
 * Writes a version as an MLflow model folder with the ONNX flavour: `mlflow models serve -m FOLDER` serves it, and
 * `mlflow.onnx.load_model` loads it.
 */
import type { StoredVersion } from "../../store/models.ts";
import { onnxModel } from "../../trainer/model/exports/onnx.ts";
import { readModel } from "../../trainer/model/model-file.ts";
import { refuseTexts } from "./export.ts";

export interface ArchiveFile {
  name: string;
  body: string | Uint8Array;
}

/** Opset 17 needs these; later ones read it. */
const REQUIREMENTS = ["mlflow>=2.9", "onnx>=1.14", "onnxruntime>=1.15", "pandas"];
const PYTHON = "3.10.0";

/** Throws AppError `invalid` if the model reads texts. */
export function mlflowFiles(bytes: Uint8Array, version: StoredVersion): ArchiveFile[] {
  const model = readModel(bytes);
  refuseTexts(model, "ONNX");
  const types = new Map(
    model.encoder.columns.map(({ column, kind }) => [column, kind === "category" ? "string" : "double"]),
  );
  const inputs = [...types].map(([name, type]) => ({ type, name, required: false }));
  const outputs = model.classes.length
    ? [
        { type: "string", name: "label", required: true },
        ...model.classes.map((name) => ({ type: "double", name: `probability_${name}`, required: true })),
      ]
    : [{ type: "double", name: "prediction", required: true }];
  return [
    { name: "MLmodel", body: modelRecord(version, JSON.stringify(inputs), JSON.stringify(outputs)) },
    { name: "model.onnx", body: onnxModel(model) },
    { name: "code/signalbox_onnx.py", body: loader(model.classes) },
    { name: "requirements.txt", body: `${REQUIREMENTS.join("\n")}\n` },
    { name: "python_env.yaml", body: `python: "${PYTHON}"\ndependencies:\n- -r requirements.txt\n` },
    { name: "input_example.json", body: `${example(version, types)}\n` },
    { name: "README.md", body: readme(version) },
  ];
}

/** YAML; its strings are JSON, which is valid YAML. */
function modelRecord({ name, version, createdAt, runId }: StoredVersion, inputs: string, outputs: string) {
  const text = (value: string) => JSON.stringify(value);
  return `artifact_path: model
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_session_options: null
    onnx_version: 1.14.0
    providers:
    - CPUExecutionProvider
    save_as_external_data: false
  python_function:
    data: model.onnx
    env:
      virtualenv: python_env.yaml
    code: code
    loader_module: signalbox_onnx
    python_version: ${PYTHON}
metadata:
  signalbox_model: ${text(name)}
  signalbox_version: ${version}
  signalbox_run: ${text(runId)}
mlflow_version: 2.9.0
signature:
  inputs: ${text(inputs)}
  outputs: ${text(outputs)}
  params: null
utc_time_created: ${text(new Date(createdAt).toISOString().replace("T", " ").replace("Z", "000"))}
`;
}

/**
 * The code that MLflow serves. Its own loader passes a column of texts as pandas stores it, which ONNX Runtime refuses
 * from pandas 3 on, and cannot tell the probabilities of several classes apart.
 */
function loader(classes: readonly string[]): string {
  return `"""Predicts a data frame with the ONNX model beside it. Columns that are left out count as missing."""
import json

import numpy as np
import onnxruntime
import pandas as pd

CLASSES = json.loads(${JSON.stringify(JSON.stringify(classes))})


class SignalboxModel:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def predict(self, data, params=None):
        feeds = {given.name: column(data, given) for given in self.session.get_inputs()}
        if not CLASSES:
            (prediction,) = self.session.run(["prediction"], feeds)
            return pd.DataFrame({"prediction": prediction.reshape(-1)})
        label, probabilities = self.session.run(None, feeds)
        answers = {f"probability_{name}": probabilities[:, k] for k, name in enumerate(CLASSES)}
        return pd.DataFrame({"label": np.asarray(label).reshape(-1), **answers})


def column(data, given):
    cells = data[given.name] if given.name in data else pd.Series([None] * len(data))
    if given.type == "tensor(string)":
        texts = ["" if pd.isna(cell) else str(cell) for cell in cells]
        return np.array(texts, dtype=object).reshape(-1, 1)
    return pd.to_numeric(cells).to_numpy(dtype=float, na_value=np.nan).reshape(-1, 1)


def _load_pyfunc(path):
    return SignalboxModel(path)
`;
}

/** A row of the schema's examples, as \`mlflow models serve\` takes it. */
function example({ result }: StoredVersion, types: ReadonlyMap<string, string>): string {
  const columns = [...types.keys()];
  const row = columns.map((name) => {
    const value = result.schema.features.find((feature) => feature.name === name)?.example ?? null;
    if (types.get(name) === "string") return value === null ? null : String(value);
    const number = typeof value === "string" ? Date.parse(value) : value;
    return number === null || !Number.isFinite(number) ? null : number;
  });
  return JSON.stringify({ dataframe_split: { columns, data: [row] } });
}

function readme({ name, version, result }: StoredVersion): string {
  const { features } = result.schema;
  const of = (type: string) =>
    features.filter((feature) => feature.type === type).map((feature) => feature.name);
  const dates = of("date");
  return `# ${name} version ${version}

An MLflow model with the ONNX flavour, made by Signalbox.

    mlflow models serve -m . --env-manager local -p 5001
    curl -H 'content-type: application/json' -d @input_example.json http://127.0.0.1:5001/invocations

Numbers are doubles; categories are texts, spelled as in the data. null, or a column that is left out, is a missing value.
${dates.length ? `Dates (${dates.join(", ")}) are milliseconds since 1970 in UTC.\n` : ""}${result.verdict}
`;
}
