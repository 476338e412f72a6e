/**
 * What does every request pass on its way in and out, whoever routed it? The gate, its clock, its headers, and the shape
 * of its refusal.
 */
import type { Server } from "bun";
import { AppError } from "../errors.ts";
import { problemAnswer } from "../http/answers.ts";
import { finishAnswer } from "../http/finish.ts";
import { type Problem, problem } from "../http/problem.ts";
import type { Gate, Visit } from "../identity/gate.ts";
import { NOBODY } from "../identity/identity.ts";
import type { PanelSource } from "../panel-data.ts";
import type { RequestTimes } from "../request-times.ts";
import type { Viewer } from "../sockets.ts";
import { Timings, withTimings } from "../timing.ts";
import { answerRoute } from "./answer.ts";
import { exampleOf } from "./docs.ts";
import { API } from "./index.ts";
import type { Call } from "./route.ts";

export type Carrier = Pick<Server<Viewer>, "requestIP" | "timeout"> | undefined;

/** What a request asks for, and the server that brought it. */
export interface Asked {
  params: Record<string, string>;
  query: Record<string, string>;
  /** With BASE_PATH. */
  path: string;
  carrier: Carrier;
}

interface PassageOptions {
  box: PanelSource;
  gate: Gate;
  requests: RequestTimes;
  standalonePage: Call["standalonePage"];
}

const ROWS = new Map(API.map((row) => [`${row.method} ${row.path}`, row]));
const PREDICTION = "POST /api/models/:name/predict";
const PREDICTION_PATH = /^\/api\/models\/([a-z0-9._-]{1,80})\/predict$/;

export class Passage {
  constructor(private readonly options: PassageOptions) {}

  /** `path`: with BASE_PATH. */
  arrive(request: Request, path: string, carrier: Carrier): Visit {
    const { box, gate } = this.options;
    const peer = carrier?.requestIP(request)?.address ?? "";
    return gate.arrive(request, { peer, path: path.slice(box.config.BASE_PATH.length) });
  }

  /** `listed`: as the table of routes names what answered; null: nothing did. */
  leave(
    visit: Visit,
    answer: Response,
    { listed, timings }: { listed: string | null; timings: Timings },
  ): Response | Promise<Response> {
    const { gate, requests } = this.options;
    gate.leave(visit, answer);
    requests.observe(listed, answer.status, timings.elapsedMs() / 1000);
    return finishAnswer(visit.request, answer, timings);
  }

  callFor(visit: Visit, { params, query, path, carrier }: Asked): Call {
    const { box, gate, standalonePage } = this.options;
    return {
      ...{ box, request: visit.request, params, query, body: undefined, requestId: visit.requestId },
      identity: visit.identity ?? NOBODY,
      get url() {
        return new URL(path + new URL(visit.request.url).search, visit.request.url);
      },
      get home() {
        return `${gate.origin(visit)}${box.config.BASE_PATH}`;
      },
      get hold() {
        return box.holds.holdFor(visit.identity ?? NOBODY);
      },
      unchanged: () => {},
      standalonePage,
      takeTime: () => carrier?.timeout(visit.request, 0),
    };
  }

  /** What is neither the client's fault nor the disk's is logged as a defect. */
  problemOf(visit: Visit, error: unknown, listed: string | null): Problem {
    const { box, gate } = this.options;
    const { BASE_PATH } = box.config;
    const told = problem(error, visit.requestId);
    if (told.type.startsWith("/")) told.type = BASE_PATH + told.type;
    const row = listed === null ? undefined : ROWS.get(listed);
    if (row && [400, 406, 415, 422].includes(told.status))
      told.example ??= exampleOf(row, box, `${gate.origin(visit)}${BASE_PATH}`);
    if (!(error instanceof AppError))
      box.logger.error({ requestId: told.instance, error: `${(error as Error).stack}` }, "defect");
    return told;
  }

  /**
   * Predictions are so short that a router takes as long as their work: without options they go straight to their row.
   * Null: it is something else.
   */
  predict(request: Request, carrier: Carrier): Promise<Response> | null {
    const { BASE_PATH } = this.options.box.config;
    const { method, url } = request;
    if (method !== "POST" || !url.endsWith("/predict")) return null;
    const path = url.slice(url.indexOf("/", "https://".length));
    const below = path.startsWith(`${BASE_PATH}/`) ? path.slice(BASE_PATH.length) : path;
    const name = PREDICTION_PATH.exec(below)?.[1];
    return name === undefined ? null : this.predictBy(request, { name, path: BASE_PATH + below, carrier });
  }

  private async predictBy(
    request: Request,
    { name, path, carrier }: { name: string; path: string; carrier: Carrier },
  ): Promise<Response> {
    const visit = this.arrive(request, path, carrier);
    const timings = new Timings();
    const answer = await withTimings(timings, async () => {
      try {
        this.options.gate.admit(visit, PREDICTION);
        const call = this.callFor(visit, { params: { name }, query: {}, path, carrier });
        return await answerRoute(ROWS.get(PREDICTION)!, call);
      } catch (error) {
        return problemAnswer(this.problemOf(visit, error, PREDICTION));
      }
    });
    return this.leave(visit, answer, { listed: PREDICTION, timings });
  }
}
