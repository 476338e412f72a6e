/** Makes the API documentation: the docs page and OpenAPI 3.1, both from the routes. */
import * as z from "zod";
import { EVENT_NAMES, EVENTS } from "../../events/events.ts";
import { curlCommand } from "../../http/identity/curl.ts";
import { type Identity, may } from "../../http/identity/identity.ts";
import type { Access } from "../../http/identity/scopes.ts";
import { PROBLEMS } from "../../http/problem.ts";
import { settingsInWords } from "../../operations/config.ts";
import { listDatasets } from "../../store/datasets.ts";
import { currentModel, findModel, listVersions } from "../../store/models.ts";
import { currentRun } from "../../store/runs.ts";
import { listSchedules } from "../../store/schedules.ts";
import { listSources } from "../../store/sources.ts";
import type { PanelSource } from "../data/panel-data.ts";
import { type Route, refusalsOf } from "./route.ts";

export interface RouteDoc {
  method: string;
  path: string;
  /** Other methods and paths that do the same. */
  also: string[];
  summary: string;
  /** What a token needs for it; "open": nothing. */
  scope: Access;
  /** What can be appended to the address. */
  query: { name: string; says: string }[];
  /** Statuses that it may return. */
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

/** A section for each route, its example for what this server has; then the problems and events. */
export async function apiDocs(routes: readonly Route[], source: PanelSource, home: string): Promise<ApiDocs> {
  const names = await exampleNames(source, home);
  return {
    routes: [...Map.groupBy(routes, ({ says }) => says).values()].map((same) => routeDoc(same, names)),
    problems: Object.entries(PROBLEMS).map(([code, about]) => ({ code, ...about })),
    events: EVENT_NAMES.map((type) => ({ type, fields: Object.keys(EVENTS[type].data().shape) })),
    settings: settingsInWords(),
  };
}

/** For rows that do the same: the first of them, which names the others. */
function routeDoc([row, ...others]: Route[], names: Record<string, string>): RouteDoc {
  const { method, path, scope, says, answers, example } = row!;
  const query = row!.query?.();
  const refused = new Set(refusalsOf(row!).map((code) => PROBLEMS[code].status));
  const described =
    query instanceof z.ZodObject ? Object.entries(query.shape as Record<string, z.ZodType>) : [];
  return {
    ...{ method, path, scope, summary: says, example: fill(example, names) },
    also: others.map((other) => `${other.method} ${other.path}`),
    query: described.map(([name, schema]) => ({ name, says: schema.description ?? "" })),
    done: Object.keys(answers).map(Number),
    refused: [...refused].sort((one, other) => one - other),
  };
}

/** What a refused request asked about. */
export interface RequestSubject {
  home: string;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** The JSON body, as far as it was read. */
  body: unknown;
  identity: Identity;
}

/**
 * A route's example to paste, for a refused request. It names what was requested, and placeholders for what is unknown;
 * never another dataset, run or model. Values from the training data are for readers only.
 */
export async function exampleOf(row: Route, source: PanelSource, asked: RequestSubject): Promise<string> {
  const { params, query, body, home, identity } = asked;
  const { datasetId } = (typeof body === "object" && body ? body : {}) as { datasetId?: unknown };
  const version = [params.v, query.version].find((text) => text !== undefined && /^[1-9]\d{0,8}$/.test(text));
  const features = params.name === undefined ? [] : await featuresOf(source, params.name, version);
  const values = features.map(({ name, example }) => [name, may(identity, "read") ? example : null]);
  return fill(atAskedPath(row, params), {
    home,
    curl: curlCommand(source.config),
    dataset: typeof datasetId === "string" && /^\w+$/.test(datasetId) ? datasetId : "ID",
    run: "ID",
    source: "ID",
    schedule: "ID",
    route: "ID",
    model: "NAME",
    version: version ?? String((await newestVersion(source, params.name)) ?? 1),
    file: [params.file, query.file, query.name].find((name) => /^[\w.-]+$/.test(name ?? "")) ?? "FILE",
    target: "COLUMN",
    row: values.length ? quoted(Object.fromEntries(values)) : '{"COLUMN":"VALUE"}',
  });
}

/** The example with the requested path. */
function atAskedPath({ path, example }: Route, params: RequestSubject["params"]): string {
  const pattern = path.replace(/:\w+/g, "[^/?'\"]+").replaceAll("/", "\\/");
  const asked = path.replace(/:(\w+)/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return name === "v" && !/^\d+$/.test(value)
      ? "{version}"
      : encodeURIComponent(value).replaceAll("'", "%27");
  });
  return example.replace(new RegExp(`(\\{home\\})${pattern}(?=[?'"])`), (_, home: string) => home + asked);
}

async function newestVersion({ store }: PanelSource, name: string | undefined): Promise<number | undefined> {
  return name === undefined ? undefined : (await listVersions(store, name))[0]?.version;
}

async function featuresOf({ store }: PanelSource, name: string, version: string | undefined) {
  const versions = await listVersions(store, name);
  const live = (await findModel(store, name))?.liveVersion;
  const wanted = version === undefined ? live : Number(version);
  const found = versions.find((entry) => entry.version === wanted) ?? versions[0];
  return found?.result.schema.features ?? [];
}

async function exampleNames(source: PanelSource, home: string): Promise<Record<string, string>> {
  const newestFirst = await listDatasets(source.store, { before: Number.MAX_SAFE_INTEGER, limit: 10 });
  const dataset = newestFirst.find(({ profile }) => profile?.target) ?? newestFirst[0];
  const model = await currentModel(source.store);
  const newest = model && (await listVersions(source.store, model.name))[0];
  const row = Object.fromEntries(
    (newest?.result.schema.features ?? []).map(({ name, example }) => [name, example]),
  );
  return {
    home,
    curl: curlCommand(source.config),
    dataset: dataset?.id ?? "ID",
    file: "data.csv",
    target: dataset?.profile?.target ?? "COLUMN",
    run: (await currentRun(source.store))?.id ?? "ID",
    source: (await listSources(source.store))[0]?.id ?? "ID",
    schedule: (await listSchedules(source.store))[0]?.id ?? "ID",
    route: "ID",
    model: model?.name ?? "NAME",
    version: String(newest?.version ?? 1),
    row: quoted(row),
  };
}

/** As JSON inside a shell's single quotes. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replaceAll("'", `'\\''`);
}

function fill(example: string, names: Record<string, string>): string {
  return example
    .replace(/^curl\b/, () => names.curl!)
    .replace(
      /\{(home|dataset|source|schedule|route|run|model|version|file|target|row)\}/g,
      (_, name: string) => names[name]!,
    );
}
