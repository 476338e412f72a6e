/**
 * Answers a single-row prediction with little overhead. Predictions are so short that a router, and headers set one by
 * one, would take longer than their work: plain requests go straight through, by the same gate, log and clock; all
 * others take the API's row.
 */
import { checked, parseJson, readText } from "../../http/body.ts";
import { COMPRESS_FROM } from "../../http/compress.ts";
import type { Gate, RequestContext } from "../../http/identity/gate.ts";
import { viewScopeOf } from "../../http/identity/identity.ts";
import { problemAnswer } from "../../http/responses.ts";
import { JSON_HEADERS } from "../../http/security.ts";
import type { Bindings } from "../../live/bindings.ts";
import type { PredictRow } from "../../models/predict-rows.ts";
import { PREDICT_REQUEST } from "../../models/serving.ts";
import { Timings, withTimings } from "../../platform/timing.ts";
import { lazily } from "../../platform/zod-setup.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import { answerRoute } from "./answer.ts";
import type { Pipeline } from "./pipeline.ts";
import { PREDICT } from "./rows/models/models.ts";

interface FastPathOptions {
  signalbox: Pick<Signalbox, "config" | "models" | "serving" | "splitServing" | "privacy">;
  pipeline: Pipeline;
  gate: Gate;
}

/** The address of a prediction request. */
interface Address {
  url: string;
  name: string;
  /** With BASE_PATH. */
  path: string;
}

const LISTED = `${PREDICT.method} ${PREDICT.path}`;
const PATH = new RegExp(`^${PREDICT.path.replace(":name", "([a-z0-9._-]{1,80})")}$`);
/** The query of a request without options, as the row's schema reads it. */
const NO_QUERY = lazily(() => PREDICT.query?.().parse({}) as Record<string, string>);
const PATH_END = PREDICT.path.slice(PREDICT.path.lastIndexOf("/"));

export class PredictFastPath {
  /** The last address is usually the next one. */
  private last: Address = { url: "", name: "", path: "" };
  private turn: Promise<void> | null = null;

  constructor(private readonly options: FastPathOptions) {}

  /** Null: not a request for this path. */
  answer(request: Request, bindings: Bindings): Promise<Response> | null {
    const { method, url } = request;
    if (method !== PREDICT.method) return null;
    if (url === this.last.url) return this.predict(request, this.last, bindings);
    const { pipeline, signalbox } = this.options;
    const below = url.endsWith(PATH_END) ? pipeline.pathBelow(url) : "";
    const name = PATH.exec(below)?.[1];
    if (name === undefined) return null;
    this.last = { url, name, path: signalbox.config.BASE_PATH + below };
    return this.predict(request, this.last, bindings);
  }

  private async predict(request: Request, address: Address, bindings: Bindings): Promise<Response> {
    const { pipeline, gate } = this.options;
    const context = pipeline.arrive(request, address.path, bindings);
    const timings = new Timings();
    let answer: Response;
    try {
      // Awaits only if something must be looked up.
      const admitted = gate.admit(context, LISTED);
      if (admitted instanceof Promise) await admitted;
      const { privacy } = this.options.signalbox;
      if (!privacy.isEmpty) privacy.refuseHidden(viewScopeOf(context.identity!), "model", address.name);
      if (!isPlain(request)) {
        const call = pipeline.callFor(context, matchOf(address, bindings));
        answer = await withTimings(timings, () => answerRoute(PREDICT, call));
      } else {
        const text = await readText(request);
        await this.together();
        const body = parseJson(text);
        const json = this.predictRow(address.name, { body, text, headers: request.headers }, timings);
        if (json !== null) return this.leave(context, json, timings);
        const rows = checked(body, PREDICT_REQUEST);
        answer = await this.predictRows(context, { rows, address, bindings }, timings);
      }
    } catch (error) {
      pipeline.callFor(context, matchOf(address, bindings));
      answer = problemAnswer(await pipeline.problemOf(context, error, LISTED));
    }
    return pipeline.leave(context, answer, { listed: LISTED, timings });
  }

  /**
   * Resolves when the arrived requests have been read. Predictions that are computed one after the other find the trees
   * in the cache and are sent together: their client is woken once for all of them.
   */
  private together(): Promise<void> {
    this.turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.turn = null;
        resolve();
      });
    });
    return this.turn;
  }

  /** The response body. Null: not a single row, or the model must be loaded first. */
  private predictRow(
    name: string,
    { body, text, headers }: { body: unknown; text: string; headers: Headers },
    timings: Timings,
  ): string | null {
    const row = onlyRow(body);
    if (!row) return null;
    const { models, serving, splitServing } = this.options.signalbox;
    const split = splitServing.peek(name, headers);
    if (split === undefined) return null;
    const isCanaried = split?.isAssigned(new Map(Object.entries(row))) ?? false;
    const version = split ? (isCanaried ? split.version : split.live) : models.known(name, null);
    if (!version) return null;
    const cells = row === body ? text : JSON.stringify(row);
    const ask = () => timings.measure("predict", () => serving.predictRow(version, { row, cells }));
    // What the canary cannot predict takes the longer way, where the live version predicts it.
    const answered = isCanaried ? orNull(ask) : ask();
    if (!answered) return null;
    split?.answered(version, 1, answered.seconds);
    const { warnings, threshold } = answered;
    const prediction = split ? withVersion(answered.prediction, version.version) : answered.prediction;
    const decided = threshold === null ? "" : `,"threshold":${threshold}`;
    const rest = decided + (warnings.length ? `,"warnings":${JSON.stringify(warnings)}` : "");
    return `{"model":"${name}","version":${version.version},"predictions":[${prediction}]${rest}}`;
  }

  private predictRows(
    context: RequestContext,
    { rows, address, bindings }: { rows: PredictRow[]; address: Address; bindings: Bindings },
    timings: Timings,
  ): Promise<Response> {
    const call = this.options.pipeline.callFor(context, matchOf(address, bindings));
    const read = Object.assign(call, { query: NO_QUERY(), body: rows });
    return withTimings(timings, async () => PREDICT.handle(read));
  }

  private leave(context: RequestContext, json: string, timings: Timings): Response | Promise<Response> {
    const { pipeline, gate } = this.options;
    const headers = json.length < COMPRESS_FROM ? gate.headersOf(context) : null;
    if (!headers) {
      const answer = new Response(json, { headers: JSON_HEADERS });
      return pipeline.leave(context, answer, { listed: LISTED, timings });
    }
    pipeline.observe(context, 200, { listed: LISTED, timings });
    return new Response(json, {
      headers: { ...JSON_HEADERS, ...headers, "server-timing": timings.header() },
    });
  }
}

function orNull<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

/** A prediction as JSON, with the version that made it. */
function withVersion(prediction: string, version: number): string {
  return `${prediction.slice(0, -1)},"version":${version}}`;
}

const matchOf = ({ name, path }: Address, bindings: Bindings) => ({
  params: { name },
  query: {},
  path,
  bindings,
});

/** A plain request: JSON in, JSON out, without an Idempotency-Key. */
function isPlain({ headers }: Request): boolean {
  if (headers.get("content-type") !== "application/json" || headers.has("idempotency-key")) return false;
  const accept = headers.get("accept");
  return accept === null || accept === "*/*" || accept === "application/json";
}

/** A bare row, or the only one in `rows`. */
function onlyRow(body: unknown): Record<string, unknown> | null {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { rows } = body as { rows?: unknown };
  if (!Array.isArray(rows)) return body as Record<string, unknown>;
  return rows.length === 1 && Object.keys(body).length === 1 ? onlyRow(rows[0]) : null;
}
