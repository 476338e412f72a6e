/** What does the API say of itself? The docs page and OpenAPI 3.1, both made from the routes. */
import * as z from "zod";
import { EVENT_NAMES, EVENTS } from "../../events/events.ts";
import { curlCommand } from "../../http/identity/curl.ts";
import type { Access } from "../../http/identity/scopes.ts";
import { PROBLEMS } from "../../http/problem.ts";
import { settingsInWords } from "../../operations/config.ts";
import { listDatasets } from "../../store/datasets.ts";
import { currentModel, listVersions } from "../../store/models.ts";
import { currentRun } from "../../store/runs.ts";
import type { PanelSource } from "../data/panel-data.ts";
import { type Route, refusalsOf } from "./route.ts";

export interface RouteDoc {
  method: string;
  path: string;
  summary: string;
  /** What a token needs for it; "open": nothing. */
  scope: Access;
  /** What can be appended to the address. */
  query: { name: string; says: string }[];
  /** Statuses that it may answer with. */
  done: number[];
  refused: number[];
  example: string;
}

export interface ApiDocs {
  routes: RouteDoc[];
  problems: { code: string; status: number; title: string }[];
  events: { type: string; fields: string[] }[];
  settings: { name: string; says: string }[];
}

/** A part for each route, its example for what this server has; then what problems and events there are. */
export function apiDocs(routes: readonly Route[], source: PanelSource, home: string): ApiDocs {
  const names = exampleNames(source, home);
  return {
    routes: routes.map((row) => routeDoc(row, names)),
    problems: Object.entries(PROBLEMS).map(([code, about]) => ({ code, ...about })),
    events: EVENT_NAMES.map((type) => ({ type, fields: Object.keys(EVENTS[type].data.shape) })),
    settings: settingsInWords(),
  };
}

function routeDoc(row: Route, names: Record<string, string>): RouteDoc {
  const { method, path, scope, says, query, answers, example } = row;
  const refused = new Set(refusalsOf(row).map((code) => PROBLEMS[code].status));
  const described =
    query instanceof z.ZodObject ? Object.entries(query.shape as Record<string, z.ZodType>) : [];
  return {
    ...{ method, path, scope, summary: says, example: fill(example, names) },
    query: described.map(([name, schema]) => ({ name, says: schema.description ?? "" })),
    done: Object.keys(answers).map(Number),
    refused: [...refused].sort((one, other) => one - other),
  };
}

/** A row's line to paste, for who was refused by it. */
export function exampleOf(row: Route, source: PanelSource, home: string): string {
  return fill(row.example, exampleNames(source, home));
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
