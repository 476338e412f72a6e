/** The API of a model as a file, in each format that supports it. */
import * as z from "zod";
import { inPieces, revocableBody } from "../../../../http/revocable.ts";
import { STREAM_HEADER } from "../../../../http/stream.ts";
import { lazily, type OutputOf } from "../../../../platform/zod-setup.ts";
import type { StoredVersion } from "../../../../store/models.ts";
import { type Call, json, route, VERSION_NUMBER } from "../../route.ts";

export const VERSION = lazily(() => z.object({ name: z.string(), v: VERSION_NUMBER() }));
const DOWNLOAD_QUERY = lazily(() =>
  z.object({
    format: z
      .enum(["json", "mjs", "html", "lightgbm", "onnx", "mlflow", "ipynb"])
      .default("json")
      .describe(
        "mjs is a module, html a page that opens from disk, mlflow a tar of an MLflow model's folder, ipynb a notebook that checks the version",
      ),
    tested: z
      .enum(["0", "1"])
      .default("0")
      .describe("1: the tested model, before it learned from the test rows too"),
  }),
);

async function download({
  signalbox,
  params,
  query: { format, tested },
  home,
  hold,
  drawings,
}: Call<OutputOf<typeof VERSION>, OutputOf<typeof DOWNLOAD_QUERY>>): Promise<Response> {
  const version = await signalbox.models.findVersion(params.name, params.v);
  const { exportModel, modelModule } = await import("../../../../models/exports/export.ts");
  const bytes =
    tested === "1" ? await testedModel(signalbox, version) : await signalbox.models.readAsServed(version);
  const folder = `${version.name}-v${version.version}`;
  const { body, type, ending } =
    format === "html"
      ? {
          body: await drawings.standalonePage(version, modelModule(bytes, version)),
          type: "text/html",
          ending: "html",
        }
      : format === "mlflow" || format === "ipynb"
        ? await takenAlong(format, { version, bytes, home, folder })
        : exportModel(bytes, version, format);
  const name = `${folder}.${ending}`;
  const headers = {
    "content-type": type,
    "content-disposition": `attachment; filename="${name}"`,
    [STREAM_HEADER]: "no",
  };
  return new Response(revocableBody(inPieces(body), hold), { headers });
}

/** The file of the model before its refit, with the threshold that it was tested with. */
async function testedModel({ models }: Call["signalbox"], version: StoredVersion): Promise<Uint8Array> {
  const { readTestedModel, writeModel } = await import("../../../../trainer/model/model-file.ts");
  return writeModel(readTestedModel(await models.read(version)));
}

async function takenAlong(
  format: "mlflow" | "ipynb",
  given: { version: StoredVersion; bytes: Uint8Array; home: string; folder: string },
): Promise<{ body: Uint8Array | string; type: string; ending: string }> {
  const { packArchive, versionNotebook } = await import("../../../../models/exports/archive.ts");
  if (format === "ipynb")
    return { body: versionNotebook(given), type: "application/x-ipynb+json", ending: "ipynb" };
  const { mlflowFiles } = await import("../../../../models/exports/mlflow.ts");
  const { version, bytes, folder } = given;
  const pieces = await Array.fromAsync(packArchive(mlflowFiles(bytes, version), folder, version.createdAt));
  return { body: Buffer.concat(pieces), type: "application/x-tar", ending: "mlflow.tar" };
}

const DOWNLOAD_TYPES = {
  ...json("MODEL_FILE"),
  "text/javascript": "a module without dependencies",
  "text/html": "a page with a form and explanations that opens from disk",
  "text/plain": "LightGBM's own format",
  "application/octet-stream": "ONNX",
  "application/x-tar": "the folder of an MLflow model with the ONNX flavour",
  "application/x-ipynb+json": "a Jupyter notebook",
};

export const DOWNLOAD = route({
  method: "GET",
  path: "/api/models/:name/versions/:v/download",
  scope: "read",
  params: VERSION,
  query: DOWNLOAD_QUERY,
  example: "curl --fail-with-body -OJ '{home}/api/models/{model}/versions/{version}/download?format=mjs'",
  says: "Exports the model: json, mjs (a module), html (a page); onnx unless it reads texts (one input per column: numbers as doubles with NaN for missing, dates as milliseconds since 1970, categories as text); lightgbm if it is a single sum of trees; mlflow whenever onnx works; ipynb. Each model contains 100 rows with their predictions.",
  answers: { 200: DOWNLOAD_TYPES },
  refusals: ["conflict", "invalid"],
  handle: download,
});
