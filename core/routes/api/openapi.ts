/** Makes the OpenAPI 3.1 document, from the routes alone. */
import * as z from "zod";
import { PROBLEMS } from "../../http/problem.ts";
import { VERSION } from "../../platform/version.ts";
import { type Answer, type Route, refusalsOf, type SchemaName, type SchemaRef } from "./route.ts";
import * as named from "./schemas/index.ts";

type Schema = Record<string, unknown>;

const PROBLEM = z
  .object({
    type: z.string().describe("link to its explanation in the docs"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().describe("the request's ID, as in the log"),
    row: z.int().optional(),
    column: z.string().optional(),
    near: z.string().optional().describe("the text of the file around the error"),
    fix: z.string().optional().describe("what to do now"),
    example: z.string().optional().describe("a command or value that works when pasted"),
    confirm: z
      .object({
        field: z.string().describe("the field of the request that confirms, with true"),
        code: z.string().describe("what speaks against it, such as error_findings"),
        reasons: z.array(z.object({ code: z.string(), column: z.string().nullable(), message: z.string() })),
      })
      .optional()
      .describe("where the same request is done once it confirms these reasons"),
  })
  .meta({ id: "Problem" });

/** Built at the first request, because it takes some hundred milliseconds, and kept. */
export function openApi(routes: readonly Route[], home: string) {
  const made = DOCUMENTS.get(routes) ?? documentOf(routes);
  DOCUMENTS.set(routes, made);
  return { ...made, servers: [{ url: home }] };
}

const DOCUMENTS = new WeakMap<readonly Route[], ReturnType<typeof documentOf>>();

function documentOf(routes: readonly Route[]) {
  const schemas: Record<string, Schema> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const row of routes) {
    const path = row.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operation(row, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Signalbox", version: VERSION, license: { name: "MIT", identifier: "MIT" } },
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function operation(row: Route, schemas: Record<string, Schema>): Schema {
  const words = row.path.split(/\W+/).filter(Boolean);
  return {
    operationId: [row.method.toLowerCase(), ...words].join("_") + (row.path.endsWith("/") ? "_" : ""),
    summary: row.says,
    tags: [row.path.split("/")[row.path.startsWith("/api/") ? 2 : 1]],
    ...(row.scope !== "open" && { security: [{}, { token: [row.scope] }] }),
    parameters: [...pathParameters(row, schemas), ...queryParameters(row, schemas)],
    ...((row.body || row.file) && { requestBody: requestBody(row, schemas) }),
    responses: responses(row, schemas),
  };
}

function pathParameters(row: Route, schemas: Record<string, Schema>): Schema[] {
  const known = row.params
    ? (schemaOf(row.params(), "input", schemas).properties as Record<string, Schema>)
    : {};
  return [...row.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: known[name!] ?? { type: "string" },
  }));
}

function queryParameters(row: Route, schemas: Record<string, Schema>): Schema[] {
  if (!row.query) return [];
  const { properties = {}, required = [] } = schemaOf(row.query(), "input", schemas) as {
    properties?: Record<string, Schema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, { description, isUnlisted, ...schema }]) => {
    if (isUnlisted) return [];
    const about = description === undefined ? {} : { description };
    return { name, in: "query", ...about, required: required.includes(name), schema };
  });
}

function requestBody({ body, file }: Route, schemas: Record<string, Schema>): Schema {
  const binary = { type: "string", format: "binary", description: file };
  const form = { type: "object", properties: { file: binary }, required: ["file"] };
  const asFile = {
    "text/csv": { schema: { type: "string", minLength: 1, description: file } },
    "application/octet-stream": { schema: binary },
    "multipart/form-data": { schema: form },
  };
  return {
    required: true,
    content: {
      ...(body && { "application/json": { schema: schemaOf(body(), "input", schemas) } }),
      ...(file !== undefined && asFile),
    },
  };
}

function responses(row: Route, schemas: Record<string, Schema>): Schema {
  const problems = new Map<number, string[]>();
  for (const code of refusalsOf(row)) {
    const { status, title } = PROBLEMS[code];
    problems.set(status, [...(problems.get(status) ?? []), title]);
  }
  const done = Object.entries(row.answers).map(([status, answer]) => [status, response(answer, schemas)]);
  const refused = [...problems].map(([status, titles]) => [
    status,
    problemResponse(titles.join("; "), schemas),
  ]);
  return Object.fromEntries([...done, ...refused, ["500", problemResponse("Internal error", schemas)]]);
}

function response(answer: Answer | undefined, schemas: Record<string, Schema>): Schema {
  const content = Object.entries(answer ?? {}).map(([type, held]) => [
    type,
    typeof held === "string"
      ? { schema: { type: "string", description: held } }
      : { schema: schemaOf(answerSchema(held), "output", schemas) },
  ]);
  const headers = { "X-Request-Id": { schema: { type: "string" } } };
  return {
    description: content.length ? "Done" : "Done, no content",
    headers,
    ...(content.length && { content: Object.fromEntries(content) }),
  };
}

const SCHEMAS: Readonly<Record<SchemaName, z.ZodType>> = named;

/** The schema that a row's response names. */
export function answerSchema({ schema, isList }: SchemaRef): z.ZodType {
  return isList ? named.listOf(SCHEMAS[schema]) : SCHEMAS[schema];
}

function problemResponse(description: string, schemas: Record<string, Schema>): Schema {
  return {
    description,
    content: { "application/problem+json": { schema: schemaOf(PROBLEM, "output", schemas) } },
  };
}

/** A schema whose named parts are in `schemas`, once for the whole document. */
function schemaOf(type: z.ZodType, io: "input" | "output", schemas: Record<string, Schema>): Schema {
  const made = JSON.stringify(z.toJSONSchema(type, { io, unrepresentable: "any" }));
  const moved = made.replaceAll('"#/$defs/', '"#/components/schemas/');
  const {
    $schema: _,
    $defs = {},
    id,
    ...schema
  } = JSON.parse(moved) as Schema & {
    $defs?: Record<string, Schema>;
    id?: string;
  };
  for (const [name, { id: _, ...part }] of Object.entries($defs)) schemas[name] = part;
  if (id === undefined) return schema;
  schemas[id] = schema;
  return { $ref: `#/components/schemas/${id}` };
}
