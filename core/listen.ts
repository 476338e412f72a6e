/**
 * How does the process begin and end? Settings, folder, port, one line of JSON that says where; on SIGTERM the viewers
 * are told to come back, what is under way ends within eight seconds, and everything is closed in order.
 */
import type { Server, WebSocketHandler } from "bun";
import { type Config, readConfig } from "./config.ts";
import { AppError } from "./errors.ts";
import { openSignalbox, type Signalbox } from "./signalbox.ts";
import type { Sockets, Viewer } from "./sockets.ts";
import { VERSION } from "./version.ts";

const DRAIN_MS = 8000;

export interface Application {
  app: { fetch: (request: Request, bindings: { server: Server<Viewer> }) => Response | Promise<Response> };
  sockets: Sockets;
}

/** Serves until a signal. Throws ConfigError or AppError where it cannot begin. */
export async function listen(
  build: (box: Signalbox, publish: (topic: string, message: string) => void) => Application,
): Promise<void> {
  const config = readConfig(process.env);
  const box = await openSignalbox(config);
  const { app, sockets } = build(box, (topic, message) => server.publish(topic, message));
  const server = serve(config, {
    fetch: (request, bun) => app.fetch(request, { server: bun }),
    websocket: sockets.handlers(),
  });
  config.PORT = server.port ?? config.PORT;
  const url = `http://${config.HOST}:${config.PORT}${config.BASE_PATH}/`;
  console.log(JSON.stringify({ url, version: VERSION }));
  tellAdminToken(box.tokens.freshAdminToken, url);
  const stop = async () => {
    sockets.stop();
    // First of all: who follows a training shall hear that it was interrupted.
    box.runs.stop();
    await Promise.race([server.stop(), Bun.sleep(DRAIN_MS)]);
    await box.close();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

/** To a person, once; not among the log's lines, which are gathered and kept. */
function tellAdminToken(token: string | null, url: string): void {
  if (token === null) return;
  process.stderr.write(
    `\nSign in at ${url}sign-in as admin; this token is shown this once:\n\n  ${token}\n\n`,
  );
}

/** Throws AppError where the port cannot be had. */
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
    throw new AppError("conflict", `Port ${port} of ${hostname} cannot be had: ${(error as Error).message}`, {
      fix: "Stop what uses it, or set PORT (0 takes a free one).",
    });
  }
}
