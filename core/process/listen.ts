/**
 * Starts and stops the server: settings, folder, port, one line of JSON that says where; on SIGTERM the viewers are
 * told to reconnect, pending requests end within eight seconds, and everything is closed in order.
 */
import type { Server, WebSocketHandler } from "bun";
import type { Tokens } from "../http/identity/tokens.ts";
import type { Bindings } from "../live/bindings.ts";
import type { Sockets } from "../live/sockets.ts";
import type { Viewer } from "../live/viewer.ts";
import { isRestoreWaiting } from "../operations/backup/restore.ts";
import { type Config, publicSettings, readConfig } from "../operations/config.ts";
import { failCommand } from "../operations/terminal.ts";
import { Throttle } from "../platform/concurrency.ts";
import { AppError } from "../platform/errors.ts";
import { holdLines } from "../platform/logger.ts";
import { VERSION } from "../platform/version.ts";
import { openSignalbox, type Signalbox } from "./signalbox.ts";

const DRAIN_MS = 8000;
const POLL_MS = 50;

export interface Application {
  app: { fetch: (request: Request, bindings: Bindings) => Response | Promise<Response> };
  sockets: Sockets;
}

type Build = (signalbox: Signalbox, publish: (topic: string, message: string) => void) => Application;

/** Serves until a signal. Throws ConfigError or AppError if it cannot start. */
export async function listen(build: Build): Promise<void> {
  const letGo = holdLines();
  try {
    await begin(build);
  } finally {
    letGo();
  }
}

async function begin(build: Build): Promise<void> {
  const config = readConfig(process.env);
  let current = await open(config, build, (topic, message) => server.publish(topic, message));
  let isChanging = false;
  const upgradeThrottle = new Throttle();
  const only = config.HOST === "127.0.0.1" ? { peer: config.HOST } : {};
  const server = serve(config, {
    fetch: (request, bun) => {
      const answer = () =>
        isChanging ? comeBack() : current.application.app.fetch(request, { server: bun, ...only });
      return request.headers.has("upgrade") ? upgradeThrottle.pass().then(answer) : answer();
    },
    websocket: following(() => current.handlers),
  });
  config.PORT = server.port ?? config.PORT;
  const url = `http://${config.HOST}:${config.PORT}${config.BASE_PATH}/`;
  await tellAdminToken(current.signalbox.tokens, url);

  let isStopping = false;
  const stop = async (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    const { logger } = current.signalbox;
    logger.info({ signal }, "shutting down");
    await interrupt(current);
    await Promise.race([server.stop(), Bun.sleep(DRAIN_MS)]);
    await current.signalbox.close();
    logger.info({}, "stopped");
    process.exit(0);
  };
  /**
   * On SIGHUP the same process and port continue with the backup that waits; without one a terminal's hang-up ends it
   * as usual.
   */
  const change = async () => {
    if (isChanging || !isRestoreWaiting(config.DATA_DIR)) return isChanging ? undefined : stop("SIGHUP");
    isChanging = true;
    await interrupt(current);
    for (let waited = 0; server.pendingRequests > 0 && waited < DRAIN_MS; waited += POLL_MS)
      await Bun.sleep(POLL_MS);
    await current.signalbox.close();
    const anew = { ...readConfig(process.env), PORT: config.PORT };
    current = await open(anew, build, (topic, message) => server.publish(topic, message));
    await tellAdminToken(current.signalbox.tokens, url);
    isChanging = false;
  };
  // An error in a timer or listener is a defect or a disk error: it is logged, and the server continues.
  process.on("uncaughtException", (error) =>
    current.signalbox.logger.error({ error: String(error.stack) }, "uncaught"),
  );
  process.on("unhandledRejection", (error) =>
    current.signalbox.logger.error({ error: String((error as Error)?.stack ?? error) }, "uncaught"),
  );
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
  process.on("SIGHUP", () => change().catch(failCommand));
  current.signalbox.logger.info({ url, version: VERSION, settings: publicSettings(config) }, "started");
  // Last, because a reader may send a signal immediately.
  console.log(JSON.stringify({ url, version: VERSION }));
}

interface Current {
  signalbox: Signalbox;
  application: Application;
  handlers: WebSocketHandler<Viewer>;
}

async function open(
  config: Config,
  build: Build,
  publish: (topic: string, message: string) => void,
): Promise<Current> {
  const signalbox = await openSignalbox(config);
  const application = build(signalbox, publish);
  return { signalbox, application, handlers: application.sockets.handlers() };
}

/** Viewers are told to reconnect; streams of a training first report that it was interrupted. */
async function interrupt({ application, signalbox }: Current): Promise<void> {
  await application.sockets.stop();
  // First: the next process waits for a training that is interrupted with the server.
  await signalbox.schedules.stop();
  await signalbox.runs.stop();
}

function comeBack(): Response {
  return new Response("A backup is being restored\n", { status: 503, headers: { "retry-after": "1" } });
}

/** Bun keeps the handlers that it was given: these call the current ones. */
function following(now: () => WebSocketHandler<Viewer>): WebSocketHandler<Viewer> {
  return {
    ...now(),
    open: (socket) => now().open?.(socket),
    message: (socket, message) => now().message?.(socket, message),
    pong: (socket, data) => now().pong?.(socket, data),
    drain: (socket) => now().drain?.(socket),
    close: (socket, code, reason) => now().close?.(socket, code, reason),
  };
}

/**
 * Printed for a person, once; not as a log line, because logs are collected and stored. The token is stored after it
 * was shown: if the start fails before, the next one makes another.
 */
async function tellAdminToken(tokens: Tokens, url: string): Promise<void> {
  const token = tokens.freshAdminToken;
  if (token === null) return;
  await Bun.write(
    Bun.stderr,
    `\nSign in at ${url}sign-in as admin. This token is shown only once:\n\n  ${token}\n\n`,
  );
  await tokens.keepAdminToken();
}

/** Throws AppError if the port is not available. */
function serve(
  config: Config,
  handlers: {
    fetch: (request: Request, server: Server<Viewer>) => Response | Promise<Response>;
    websocket: WebSocketHandler<Viewer>;
  },
): Server<Viewer> {
  const { HOST: hostname, PORT: port } = config;
  try {
    return Bun.serve<Viewer>({ hostname, port, maxRequestBodySize: Number.MAX_SAFE_INTEGER, ...handlers });
  } catch (error) {
    throw new AppError(
      "conflict",
      `Port ${port} of ${hostname} is not available: ${(error as Error).message}`,
      {
        fix: "Stop the program that uses it, or set PORT (0 chooses a free one).",
      },
    );
  }
}
