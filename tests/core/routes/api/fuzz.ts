/**
 * Generates requests from the schemas of the OpenAPI document: valid, invalid and truncated ones. Every response must
 * be one that the document names.
 */
import fc from "fast-check";
import { API } from "../../../../core/routes/api/index.ts";
import { openApi } from "../../../../core/routes/api/openapi.ts";
import { runsByStatus } from "../../../../core/store/runs.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { expectContract, rowAt } from "./contract.ts";

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  $ref?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
}
interface Operation {
  parameters: { name: string; in: "path" | "query"; required: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

const DOCUMENT = JSON.parse(JSON.stringify(openApi(API, ""))) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
const JUNK = [
  "",
  "0",
  "-1",
  "1e999",
  "null",
  "__proto__",
  "../../etc",
  "%00",
  "\u202e",
  "☃",
  "a".repeat(3000),
  "'",
];
const MOST_ITEMS = 3;
/** What must not be requested: a training of a day, an address outside. */
const TAMED: Record<string, fc.Arbitrary<unknown>> = {
  budgetSeconds: fc.constantFrom(1, 0, -1, "x"),
  url: fc.constantFrom("http://127.0.0.1:9/hook", "ftp://x", "http://a:b@c/", ""),
  wait: fc.constantFrom("0", "2", ""),
};

const junk = fc.oneof(fc.constantFrom(...JUNK), fc.integer(), fc.boolean(), fc.constant(null), fc.string());

/** A value that fits the schema. */
function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref) return fitting(DOCUMENT.components.schemas[schema.$ref.split("/").at(-1)!]!);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fitting));
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? "string"].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema)));
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  const { minimum: min = -1000, maximum: max = 100_000 } = schema;
  if (type === "integer") return fc.integer({ min: Math.max(min, -1e9), max: Math.min(max, 1e9) });
  if (type === "number") return fc.double({ min, max, noNaN: true });
  if (type === "boolean") return fc.boolean();
  if (type === "null") return fc.constant(null);
  if (type === "array")
    return fc.array(fitting(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: MOST_ITEMS });
  if (type === "object") return objectOf(schema);
  if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern, "u"));
  return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 40, 40) });
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, TAMED[name] ?? fitting(schema)]);
  const known = fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: required,
  });
  if (typeof additionalProperties !== "object") return known;
  return fc.dictionary(fc.string({ maxLength: 8 }), fitting(additionalProperties), { maxKeys: MOST_ITEMS });
}

/** Mostly what fits; else what does not. */
const nearly = (schema: Schema) =>
  fc.oneof({ weight: 4, arbitrary: fitting(schema) }, { weight: 1, arbitrary: junk });

const CSV = passengersCsv(12);
const files = fc.constantFrom(
  CSV,
  "",
  "a\n",
  "\0\u0001\u0002",
  "a,b\n1,2",
  '"',
  "id,actual\nx,1\n",
  "x".repeat(2000),
);

function bodyOf(operation: Operation): fc.Arbitrary<{ type: string | null; body: string | null }> {
  const content = operation.requestBody?.content;
  if (!content) return fc.constant({ type: null, body: null });
  const torn = fc.constantFrom(
    "{",
    "[]",
    "null",
    '"x"',
    "",
    '{"rows":[]}',
    '{"__proto__":{"x":1}}',
    "\ud800",
  );
  const json = content["application/json"];
  const asJson = json
    ? fc.oneof(
        { weight: 5, arbitrary: nearly(json.schema).map((value) => JSON.stringify(value)) },
        { weight: 1, arbitrary: torn },
      )
    : torn;
  const type = fc.constantFrom(...Object.keys(content), "text/plain", "application/xml", "");
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("application/json"), body: asJson }) },
    { weight: 2, arbitrary: fc.record({ type, body: files }) },
  );
}

function requestOf(template: string, method: string, ids: readonly string[]): fc.Arbitrary<Asked> {
  const operation = DOCUMENT.paths[template]![method]!;
  const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
  const inQuery = operation.parameters.filter((parameter) => parameter.in === "query");
  const known = fc.constantFrom(...ids, "1");
  const path = fc.tuple(
    ...inPath.map(() => fc.oneof({ weight: 5, arbitrary: known }, fc.constantFrom(...JUNK.filter(Boolean)))),
  );
  const query = fc.record(
    Object.fromEntries(inQuery.map(({ name, schema }) => [name, TAMED[name] ?? nearly(schema)])),
    { requiredKeys: [] },
  );
  const headers = fc.record(
    {
      accept: fc.constantFrom("*/*", "application/json, */*", "text/csv, */*;q=0.1", "application/xml"),
      "if-match": fc.constantFrom("*", '"x"', "x", ""),
      "if-none-match": fc.constantFrom("*", 'W/"x"', ""),
      "idempotency-key": fc.constantFrom("k", "k2", "", "\u007f"),
      prefer: fc.constantFrom("respond-async", "wait=1", "wait=x"),
      "accept-encoding": fc.constantFrom("gzip", "gzip;q=0", "*"),
      "last-event-id": fc.constantFrom("3", "x"),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(path, query, headers, bodyOf(operation)).map(([values, asked, sent, { type, body }]) => {
    let place = 0;
    const filled = template.replace(/\{\w+\}/g, () => encodeURIComponent(String(values[place++])));
    const words = Object.entries(asked).map(([name, value]) => [name, String(value)]);
    const search = words.length ? `?${new URLSearchParams(words as [string, string][])}` : "";
    const headers = { ...(sent as Record<string, string>), ...(type !== null && { "content-type": type }) };
    return { method: method.toUpperCase(), path: filled + search, headers, body };
  });
}

/**
 * Sends this many generated requests to a server that has a dataset, a run and a live model. Throws at the first wrong
 * response.
 */
export async function fuzz(requests: number, seed?: number): Promise<Map<number, number>> {
  const harness = await openHarness({ TRAIN_BUDGET_SECONDS: "1" });
  const statuses = new Map<number, number>();
  try {
    const ids = await seedServer(harness);
    const operations = Object.entries(DOCUMENT.paths).flatMap(([template, methods]) =>
      Object.keys(methods).map((method) => requestOf(template, method, ids)),
    );
    const property = fc.asyncProperty(fc.oneof(...operations), async (asked) => {
      const status = await askOnce(harness, asked);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    await fc.assert(property, { numRuns: requests, ...(seed !== undefined && { seed }), endOnFailure: true });
    return statuses;
  } finally {
    await harness.close();
  }
}

async function seedServer(harness: Harness): Promise<string[]> {
  const { id } = (await (await harness.upload("crew.csv", passengersCsv(150))).json()) as { id: string };
  const trained = await harness.send("POST", "/api/train?wait=1", { datasetId: id, budgetSeconds: 1 });
  const run = (await trained.json()) as { id: string };
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
  return ["crew", id, run.id, "customers", "metrics"];
}

async function askOnce(harness: Harness, { method, path, headers, body }: Asked): Promise<number> {
  const row = rowAt(method, path.split("?")[0]!);
  const answer = await harness.ask(path, {
    method,
    headers: { accept: "*/*", ...headers },
    ...(body !== null && { body }),
  });
  if (answer.status === 304) return 304;
  await expectContract(row, unpacked(answer));
  if (!answer.bodyUsed) await answer.body?.cancel();
  // Trainings that were started on the way must not keep the others waiting.
  for (const run of await runsByStatus(harness.signalbox.store, "queued"))
    await harness.signalbox.runs.cancel(run.id);
  return answer.status;
}

/** The body of a response, uncompressed as a client would. */
function unpacked(answer: Response) {
  const text = async () => {
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const isPacked = answer.headers.get("content-encoding") === "gzip";
    return new TextDecoder().decode(isPacked ? Bun.gunzipSync(bytes) : bytes);
  };
  const { status, headers } = answer;
  return { status, headers, text, json: async (): Promise<unknown> => JSON.parse(await text()) };
}
