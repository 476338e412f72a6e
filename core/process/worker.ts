/**
 * Runs a worker: reads files and trains what is queued in the database that the servers share, until a signal. It
 * responds only to /healthz and /readyz, for whatever monitors it.
 */
import { type Config, ConfigError, publicSettings, readConfig } from "../operations/config.ts";
import { AppError } from "../platform/errors.ts";
import { holdLines } from "../platform/logger.ts";
import { VERSION } from "../platform/version.ts";
import { openSignalbox, type Signalbox } from "./signalbox.ts";

/** Throws ConfigError or AppError if it cannot start. */
export async function work(): Promise<void> {
  const letGo = holdLines();
  try {
    await begin(readConfig(process.env));
  } finally {
    letGo();
  }
}

async function begin(config: Config): Promise<void> {
  refuseAlone(config);
  const signalbox = await openSignalbox(config, Date.now, "worker");
  const { logger } = signalbox;
  const server = serve(config, signalbox);
  let isStopping = false;
  const stop = async (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, "shutting down");
    await server.stop(true);
    await signalbox.close();
    logger.info({}, "stopped");
    process.exit(0);
  };
  process.on("uncaughtException", (error) => logger.error({ error: String(error.stack) }, "uncaught"));
  process.on("unhandledRejection", (error) =>
    logger.error({ error: String((error as Error)?.stack ?? error) }, "uncaught"),
  );
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
  const url = `http://${config.HOST}:${server.port}/`;
  logger.info({ url, version: VERSION, role: "worker", settings: publicSettings(config) }, "started");
  console.log(JSON.stringify({ url, version: VERSION, role: "worker" }));
}

/** A worker gets its work from servers, and they use its results. */
function refuseAlone({ DATABASE_URL, STORAGE_URL, TRAIN_CONCURRENCY }: Config): void {
  if (!DATABASE_URL || !STORAGE_URL)
    throw new ConfigError("A worker needs DATABASE_URL and STORAGE_URL, the same as its servers");
  if (TRAIN_CONCURRENCY === 0)
    throw new ConfigError("TRAIN_CONCURRENCY=0 is for servers: a worker takes 1 or more");
}

function serve(config: Config, { presence }: Signalbox) {
  const { HOST: hostname, PORT: port } = config;
  const answer = (isGood: boolean) =>
    new Response(isGood ? "ok\n" : "not ready\n", { status: isGood ? 200 : 503 });
  try {
    return Bun.serve({
      hostname,
      port,
      routes: { "/healthz": () => answer(true), "/readyz": () => answer(presence.isCurrent) },
      fetch: () => new Response("This is a worker: open the address of a server\n", { status: 404 }),
    });
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
