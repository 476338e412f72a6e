/** What does the API say of itself? The docs page and OpenAPI 3.1, both made from the routes. */
import * as z from "zod";
import type { PanelSource } from "../panel-data.ts";
import { listDatasets } from "../store/datasets.ts";
import { currentModel, listVersions } from "../store/models.ts";
import { currentRun } from "../store/runs.ts";
import { VERSION } from "../version.ts";
import type { Route } from "./route.ts";

export interface RouteDoc {
  method: string;
  path: string;
  summary: string;
  example: string;
}

/** A line for each route, its example for what this server has. */
export function routeDocs(routes: readonly Route[], source: PanelSource, home: string): RouteDoc[] {
  const names = exampleNames(source, home);
  return routes.map(({ method, path, says, example }) => ({
    method,
    path,
    summary: says,
    example: fill(example, names),
  }));
}

function exampleNames(source: PanelSource, home: string): Record<string, string> {
  const model = currentModel(source.store);
  const schema = model && listVersions(source.store, model.name).at(-1)?.result.schema;
  const row = Object.fromEntries((schema?.features ?? []).map(({ name, example }) => [name, example]));
  return {
    home,
    dataset: listDatasets(source.store, { before: Number.MAX_SAFE_INTEGER, limit: 1 })[0]?.id ?? "ID",
    run: currentRun(source.store)?.id ?? "ID",
    model: model?.name ?? "NAME",
    row: JSON.stringify(row).replaceAll("'", `'\\''`),
  };
}

function fill(example: string, names: Record<string, string>): string {
  return example.replace(/\{(home|dataset|run|model|row)\}/g, (_, name: string) => names[name]!);
}

/** The OpenAPI 3.1 document. */
export function openApi(routes: readonly Route[], home: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Signalbox", version: VERSION, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: home }],
    paths,
    components: { schemas: { Problem: PROBLEM_SCHEMA } },
  };
}

const PROBLEM_SCHEMA = {
  type: "object",
  required: ["type", "title", "status", "detail", "instance"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    row: { type: "integer" },
    column: { type: "string" },
    fix: { type: "string" },
    example: { type: "string" },
  },
};

function operation(route: Route): Record<string, unknown> {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return {
    summary: route.says,
    parameters: [...inPath, ...inQuery],
    ...(route.body && {
      requestBody: { required: true, content: { "application/json": { schema: bodySchema(route.body) } } },
    }),
    responses: { "2XX": { description: "Done" }, default: { description: "A problem", content: problem } },
  };
}

function bodySchema(body: z.ZodType): unknown {
  const { $schema: _, ...schema } = z.toJSONSchema(body, { io: "input", unrepresentable: "any" });
  return schema;
}
