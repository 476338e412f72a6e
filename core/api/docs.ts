/** What does the API say of itself? The docs page and OpenAPI 3.1, both made from the routes. */
import { curlCommand } from "../identity/curl.ts";
import type { Access } from "../identity/scopes.ts";
import type { PanelSource } from "../panel-data.ts";
import { listDatasets } from "../store/datasets.ts";
import { currentModel, listVersions } from "../store/models.ts";
import { currentRun } from "../store/runs.ts";
import type { Route } from "./route.ts";

export interface RouteDoc {
  method: string;
  path: string;
  summary: string;
  scope: Access;
  example: string;
}

/** A line for each route, its example for what this server has. */
export function routeDocs(routes: readonly Route[], source: PanelSource, home: string): RouteDoc[] {
  const names = exampleNames(source, home);
  return routes.map(({ method, path, scope, says, example }) => ({
    method,
    path,
    scope,
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
    curl: curlCommand(source.config),
    dataset: listDatasets(source.store, { before: Number.MAX_SAFE_INTEGER, limit: 1 })[0]?.id ?? "ID",
    run: currentRun(source.store)?.id ?? "ID",
    model: model?.name ?? "NAME",
    row: JSON.stringify(row).replaceAll("'", `'\\''`),
  };
}

function fill(example: string, names: Record<string, string>): string {
  return example
    .replace(/^curl\b/, () => names.curl!)
    .replace(/\{(home|dataset|run|model|row)\}/g, (_, name: string) => names[name]!);
}
