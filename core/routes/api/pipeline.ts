/**
 * Runs what every request passes on its way in and out: the gate, the clock, the headers, and the form of a refusal.
 */

import type { ViewScope } from "../../events/privacy.ts";
import { finishAnswer } from "../../http/compress.ts";
import type { Gate, RequestContext } from "../../http/identity/gate.ts";
import {
  ANONYMOUS,
  type Identity,
  isRevocable,
  ownershipBy,
  viewScopeOf,
} from "../../http/identity/identity.ts";
import { type Problem, problem } from "../../http/problem.ts";
import { problemAnswer } from "../../http/responses.ts";
import { revocableAnswer, revocableRequest, whileAllowed } from "../../http/revocable.ts";
import type { Bindings } from "../../live/bindings.ts";
import type { RequestTimes } from "../../operations/request-times.ts";
import { AppError } from "../../platform/errors.ts";
import type { Lease } from "../../platform/leases.ts";
import { Timings } from "../../platform/timing.ts";
import type { Annotated } from "../../store/annotations.ts";
import { ownedBy } from "../../store/ownership.ts";
import type { PanelSource } from "../data/panel-data.ts";
import { scopedSource } from "../data/scoped-source.ts";
import { exampleOf } from "./docs.ts";
import { API } from "./index.ts";
import type { Call } from "./route.ts";

/** What the router found about a request. */
export interface RouteMatch {
  params: Record<string, string>;
  query: Record<string, string>;
  /** With BASE_PATH. */
  path: string;
  bindings: Bindings;
}

interface PipelineOptions {
  signalbox: PanelSource;
  gate: Gate;
  requests: RequestTimes;
  drawings: Call["drawings"];
}

/** What follows these in an address. */
const SUBJECT_OF: Record<string, Annotated | undefined> = {
  datasets: "dataset",
  runs: "run",
  models: "model",
};
const ROWS = new Map(API.map((row) => [`${row.method} ${row.path}`, row]));
const SOCKET = "GET /ws";

const REVOCABLE = new WeakMap<RequestContext, Request>();

/** One per request: a body has one reader. */
function requestOf(context: RequestContext, { identity, hold }: Pick<Call, "identity" | "hold">): Request {
  if (!isRevocable(identity)) return context.request;
  return REVOCABLE.getOrInsertComputed(context, () => revocableRequest(context.request, hold));
}

/** Values that only some handlers need are computed when used. */
class PassedCall implements Call {
  readonly signalbox: PanelSource;
  readonly drawings: Call["drawings"];
  readonly requestId: string;
  readonly problemOf: Call["problemOf"];
  readonly identity: Identity;
  readonly viewScope: ViewScope;
  /** As wrapped for an Idempotency-Key; null: as it came. */
  private watched: Request | null = null;
  params: Record<string, string>;
  query: Record<string, string>;
  body: unknown = undefined;
  unchanged: Call["unchanged"] = async () => {};
  readonly takeTime = () => void this.match.bindings.server?.timeout(this.context.request, 0);

  constructor(
    private readonly options: PipelineOptions,
    private readonly context: RequestContext,
    private readonly match: RouteMatch & { problemOf: Call["problemOf"] },
  ) {
    this.problemOf = match.problemOf;
    this.viewScope = viewScopeOf(context.identity ?? ANONYMOUS);
    this.signalbox = scopedSource(options.signalbox, this.viewScope);
    this.drawings = options.drawings;
    this.requestId = context.requestId;
    this.identity = context.identity ?? ANONYMOUS;
    this.params = match.params;
    this.query = match.query;
  }

  get request(): Request {
    return this.watched ?? requestOf(this.context, this);
  }

  set request(request: Request) {
    this.watched = request;
  }

  get url(): URL {
    const { url } = this.context.request;
    return new URL(this.match.path + new URL(url).search, url);
  }

  get home(): string {
    return `${this.options.gate.origin(this.context)}${this.signalbox.config.BASE_PATH}`;
  }

  get hold(): Lease {
    return this.signalbox.holds.holdFor(this.identity);
  }
}

/** Statuses of refusals that an example helps to fix. */
const EXPLAINED = new Set([400, 406, 415, 422]);

/** What the log contains about a request: never its query, which may hold a token, nor its body. */
function aboutOf({ request, path, address, identity, requestId }: RequestContext) {
  return { requestId, method: request.method, path, address, who: identity?.name ?? "" };
}

export class Pipeline {
  /** What a request was for, and why it was refused, for its problem and the log. */
  private readonly calls = new WeakMap<RequestContext, Call>();
  private readonly problems = new WeakMap<RequestContext, { code: string }>();

  constructor(private readonly options: PipelineOptions) {}

  /** `path`: with BASE_PATH. */
  arrive(request: Request, path: string, bindings: Bindings): RequestContext {
    const { signalbox, gate } = this.options;
    const peer = bindings.peer ?? bindings.server?.requestIP(request)?.address ?? "";
    return gate.arrive(request, { peer, path: path.slice(signalbox.config.BASE_PATH.length) });
  }

  /** `listed`: the matched entry of the table of routes; null: none matched. */
  leave(
    context: RequestContext,
    answer: Response,
    { listed, timings }: { listed: string | null; timings: Timings },
  ): Response | Promise<Response> {
    const audited = this.options.gate.leave(context, answer);
    const finish = () => {
      this.observe(context, answer.status, { listed, timings });
      const finished = finishAnswer(context.request, answer, timings);
      const { identity } = context;
      if (!identity || !isRevocable(identity)) return finished;
      const lease = this.options.signalbox.holds.holdFor(identity);
      return Promise.resolve(finished).then((whole) => revocableAnswer(whole, lease));
    };
    return audited === null ? finish() : audited.then(finish);
  }

  /** Counts and logs every response. */
  observe(
    context: RequestContext,
    status: number,
    { listed, timings }: { listed: string | null; timings: Timings },
  ): void {
    const { signalbox, requests } = this.options;
    const elapsedMs = timings.elapsedMs();
    requests.observe(listed, status, elapsedMs / 1000);
    if (status < 400 && signalbox.config.LOG_LEVEL !== "debug") return;
    const level = status < 400 ? "debug" : status < 500 ? "warn" : "error";
    const said = { status, durationMs: Math.round(elapsedMs * 10) / 10, ...this.problems.get(context) };
    signalbox.logger[level]({ ...aboutOf(context), ...said }, status < 400 ? "request" : "request failed");
  }

  /** Made once: a streaming body can be taken over only once. */
  callFor(context: RequestContext, match: RouteMatch): Call {
    const known = this.calls.get(context);
    if (known) return known;
    const call = new PassedCall(this.options, context, {
      ...match,
      problemOf: (error) => this.brokenStream(context, error),
    });
    this.calls.set(context, call);
    return call;
  }

  /** As `callFor`, of an address that the visitor may see. Throws AppError `missing` for one that is hidden. */
  enter(context: RequestContext, match: RouteMatch): Call {
    const call = this.callFor(context, match);
    const { path, params } = match;
    const below = path.slice(this.options.signalbox.config.BASE_PATH.length);
    const kind = SUBJECT_OF[/^\/(?:api\/)?(datasets|runs|models)\//.exec(below)?.[1] ?? ""];
    const subject = params.id ?? params.name;
    if (kind && subject !== undefined)
      this.options.signalbox.privacy.refuseHidden(call.viewScope, kind, subject);
    return call;
  }

  /** Refuses a pending response when its access ends, unless the request itself ended it. */
  async whileAllowed({ identity, route }: RequestContext, work: () => Promise<void>): Promise<void> {
    // What a change creates belongs to the user who requested it.
    const isOwned = route?.isChange && identity?.key;
    const act = isOwned ? () => ownedBy(ownershipBy(identity), work) : work;
    if (!identity || !isRevocable(identity) || route?.endsAccess) return act();
    return whileAllowed(act, this.options.signalbox.holds.holdFor(identity));
  }

  /** A stream that has begun has sent its status: its end is logged as a failed request. */
  private async brokenStream(context: RequestContext, error: unknown): Promise<Problem> {
    const told = await this.problemOf(context, error, null);
    const said = { status: told.status, ...this.problems.get(context) };
    this.options.signalbox.logger[told.status < 500 ? "warn" : "error"](
      { ...aboutOf(context), ...said },
      "request failed",
    );
    return told;
  }

  /** Errors that are neither the client's nor the disk's are logged as defects. */
  async problemOf(context: RequestContext, error: unknown, listed: string | null): Promise<Problem> {
    const { signalbox, gate } = this.options;
    const { BASE_PATH } = signalbox.config;
    const told = problem(error, context.requestId);
    if (told.type.startsWith("/")) told.type = BASE_PATH + told.type;
    // Its message may quote data: the log gets only the code.
    this.problems.set(context, { code: error instanceof AppError ? error.code : told.title });
    const row = listed === null ? undefined : ROWS.get(listed);
    const call = this.calls.get(context);
    if (row && call && EXPLAINED.has(told.status)) {
      const home = `${gate.origin(context)}${BASE_PATH}`;
      const { params, query, body, identity } = call;
      told.example ??= await exampleOf(row, call.signalbox, { home, params, query, body, identity });
    }
    if (!(error instanceof AppError))
      signalbox.logger.error({ requestId: told.instance, error: `${(error as Error).stack}` }, "defect");
    return told;
  }

  /** After a restart thousands of viewers come at once: their upgrade bypasses the router too. */
  join(
    request: Request,
    bindings: Bindings,
    upgrade: (context: RequestContext, call: Call) => Response,
  ): Promise<Response> | null {
    if (!request.headers.has("upgrade")) return null;
    const below = this.pathBelow(request.url);
    if (request.method !== "GET" || (below !== "/ws" && !below.startsWith("/ws?"))) return null;
    return this.joinSocket(request, bindings, upgrade);
  }

  private async joinSocket(
    request: Request,
    bindings: Bindings,
    upgrade: (context: RequestContext, call: Call) => Response,
  ): Promise<Response> {
    const path = `${this.options.signalbox.config.BASE_PATH}/ws`;
    const context = this.arrive(request, path, bindings);
    const timings = new Timings();
    const about = { listed: SOCKET, timings };
    try {
      const refused = await this.options.gate.admit(context, SOCKET);
      if (refused) return await this.leave(context, refused, about);
      const answer = upgrade(context, this.callFor(context, { params: {}, query: {}, path, bindings }));
      // It is a socket now: response headers have no effect.
      this.observe(context, answer.status, about);
      return answer;
    } catch (error) {
      return await this.leave(context, problemAnswer(await this.problemOf(context, error, SOCKET)), about);
    }
  }

  /** With its query. */
  pathBelow(url: string): string {
    const { BASE_PATH } = this.options.signalbox.config;
    const path = url.slice(url.indexOf("/", "https://".length));
    return path.startsWith(`${BASE_PATH}/`) ? path.slice(BASE_PATH.length) : path;
  }
}
