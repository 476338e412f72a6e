/**
 * Every route and the one socket: a table of contents. It decides nothing: core does the work, views make the HTML.
 * The rows of the API stand in core/api. It listens only when it is run directly.
 */
import type { Server } from "bun";
import { type Context, Hono } from "hono";
import { getCookie } from "hono/cookie";
import { requestId } from "hono/request-id";
import { getPath as plainPath } from "hono/utils/url";
import { openApi, routeDocs } from "./core/api/docs.ts";
import { API } from "./core/api/index.ts";
import { type Call, nothingAt } from "./core/api/route.ts";
import { failCommand, runCommand } from "./core/command.ts";
import type { ReadingPreview } from "./core/csv/types.ts";
import { AppError } from "./core/errors.ts";
import { fragmentAnswer, htmlAnswer } from "./core/http/answers.ts";
import { deployForm, predictForm, readingForm, trainForm } from "./core/http/forms.ts";
import { guardRequest } from "./core/http/guard.ts";
import { wantedForm } from "./core/http/negotiate.ts";
import { problem } from "./core/http/problem.ts";
import { securityHeaders } from "./core/http/security.ts";
import { listen } from "./core/listen.ts";
import { Live } from "./core/live.ts";
import { modelView, type PanelSource, READERS, runPage } from "./core/panel-data.ts";
import { type Panel, panelKey, parsePanelKey } from "./core/panels.ts";
import { datasetView } from "./core/reading-choices.ts";
import { rewindRun } from "./core/rewind.ts";
import { runView } from "./core/run-view.ts";
import type { Signalbox } from "./core/signalbox.ts";
import { drawingMessage, Sockets, topicOf, type Viewer } from "./core/sockets.ts";
import { findEvaluation } from "./core/store/models.ts";
import { VERSION } from "./core/version.ts";
import { ASSET_PATHS, ASSETS, standaloneParts } from "./static/assets.ts";
import { DashboardPage } from "./views/dashboard.tsx";
import { DatasetPage } from "./views/dataset.tsx";
import { DocsPage } from "./views/docs.tsx";
import { EmbedPage } from "./views/embed.tsx";
import { ErrorPage } from "./views/error.tsx";
import { chosenTheme, type Frame } from "./views/frame.ts";
import { InspectPage } from "./views/inspect.tsx";
import { ModelPage, type Trial } from "./views/model.tsx";
import { PanelView } from "./views/panels.tsx";
import { RewindPage } from "./views/rewind.tsx";
import { RunPage } from "./views/run.tsx";
import { StandalonePage } from "./views/standalone.tsx";
import { textDashboard } from "./views/text.ts";

type Env = { Bindings: { server?: Server<Viewer> }; Variables: { requestId: string } };
type C = Context<Env>;

const DASHBOARD: Panel[] = [
  ...(["attention", "run", "stages", "curve", "leaderboard", "model", "predictions", "activity"] as const),
  ...(["datasets", "runs", "metrics", "health", "connection"] as const),
];
const RUN: Panel[] = ["run", "stages", "curve", "leaderboard"];

/** The app over an opened Signalbox, and its sockets. `publish` is Bun's, once there is a server. */
export function createApp(box: Signalbox, publish: (topic: string, message: string) => void) {
  const { config, log, store, datasets, runs, models, serving } = box;
  const source: PanelSource = { ...box, sockets: () => sockets.count, startedAt: box.now() };
  const links = (origin: string) => ({ base: config.BASE_PATH, origin });
  const origin = (c: C) => (config.PUBLIC_URL || new URL(c.req.url).origin).replace(/\/$/, "");
  const frame = (c: C): Frame => {
    const theme = chosenTheme(getCookie(c, "theme"));
    const { epoch, lastSeq: seq } = log;
    return {
      links: links(origin(c)),
      epoch,
      seq,
      version: VERSION,
      assets: ASSET_PATHS,
      ...(theme && { theme }),
    };
  };
  const read = (panel: Panel, subject: string | null) => READERS[panel](source, subject);
  const readAll = (panels: Panel[], subject: string | null) =>
    Object.fromEntries(panels.map((panel) => [panel, read(panel, subject)]));
  const page = (c: C, node: unknown, status = 200) => htmlAnswer(c.req.raw, `<!DOCTYPE html>${node}`, status);
  const wantsData = (c: C) => wantedForm(c.req.raw) !== "html";

  const live = new Live({
    clock: {
      now: () => performance.now(),
      after: (ms, tick) => (ms > 0 ? setTimeout(tick, ms) : setImmediate(tick)),
    },
    lastSeq: () => log.lastSeq,
    draw: (key) => {
      const { panel, subject } = parsePanelKey(key)!;
      const home = config.PUBLIC_URL.replace(/\/$/, "") || `http://${config.HOST}:${config.PORT}`;
      const data = read(panel, subject);
      if (data === null && subject !== null) return null;
      return `${PanelView({ panelKey: key, panel, data, links: links(home) })}`;
    },
    publish: (drawing) => publish(topicOf(drawing.key), drawingMessage(log.epoch, drawing)),
    failed: (key, error) => box.logger.error({ panel: key, error: `${(error as Error).stack}` }, "defect"),
  });
  log.subscribe((seq, stale) => live.markStale(seq, stale));
  const sockets = new Sockets({ config, log, live, publish, now: box.now });

  const getPath = (request: Request) => {
    const path = plainPath(request);
    return path === `${config.BASE_PATH}/` ? config.BASE_PATH || "/" : path;
  };
  const app = new Hono<Env>({ getPath }).basePath(config.BASE_PATH);
  app.use(requestId(), async (c, next) => {
    guardRequest(c.req.raw, config);
    await next();
    const headers = securityHeaders(
      c.req.path.startsWith(`${config.BASE_PATH}/embed/`),
      config.EMBED_ORIGINS,
    );
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
  });
  app.onError((error, c) => answerProblem(c, error));
  app.notFound((c) => answerProblem(c, nothingAt(API, c.req.method, c.req.path, config.BASE_PATH)));
  const answerProblem = (c: C, error: unknown) => {
    const told = problem(error, c.var.requestId ?? "");
    if (told.status === 500)
      box.logger.error({ requestId: told.instance, error: `${(error as Error).stack}` }, "defect");
    if (!wantsData(c)) return page(c, ErrorPage({ frame: frame(c), problem: told }), told.status);
    return Response.json(told, {
      status: told.status,
      headers: { "content-type": "application/problem+json" },
    });
  };

  // Pages
  app.get("/", (c) => {
    const data = readAll(DASHBOARD, null);
    const form = wantedForm(c.req.raw);
    if (form === "json") return c.json(data);
    if (form === "text") return c.text(textDashboard(data, links(origin(c))));
    return page(c, DashboardPage({ frame: frame(c), data }));
  });
  const datasetAnswer = async (c: C, id: string, preview?: ReadingPreview) => {
    const dataset = datasets.findReady(id);
    if (wantsData(c)) return c.json(preview ?? datasetView(dataset));
    const offset = Math.max(0, Number(c.req.query("offset")) || 0);
    const rows = await datasets.rows(dataset, { offset, limit: 50 });
    const { items } = runPage(source, Number.MAX_SAFE_INTEGER, 50, dataset.id);
    const shown = { dataset, page: { offset, ...rows }, runs: items, preview };
    return page(c, DatasetPage({ frame: frame(c), ...shown }));
  };
  app.get("/datasets/:id", (c) => datasetAnswer(c, c.req.param("id")));
  app.get("/runs/:id", (c) => {
    const run = runView(store, runs.find(c.req.param("id")), box.now());
    return wantsData(c)
      ? c.json(run)
      : page(c, RunPage({ frame: frame(c), run, data: readAll(RUN, run.id) }));
  });
  app.get("/runs/:id/rewind", (c) => {
    const [at, speed] = [c.req.query("at"), Number(c.req.query("speed")) || 1];
    const moment = { seconds: at ? Number(at) || 0 : null, now: box.now() };
    const rewind = rewindRun(store, runs.find(c.req.param("id")), moment);
    return wantsData(c) ? c.json(rewind) : page(c, RewindPage({ frame: frame(c), rewind, speed }));
  });
  const modelAnswer = (c: C, name: string, trial?: Trial) => {
    const model = modelView(source, models.find(name).name);
    if (wantsData(c)) return c.json(model);
    const number =
      trial?.version ?? Number(c.req.query("version") ?? model.liveVersion ?? model.versions[0]?.version);
    const version = model.versions.find((entry) => entry.version === number);
    if (!version) throw new AppError("missing", `${name} has no version ${number}`);
    return page(
      c,
      ModelPage({ frame: frame(c), model, version, evaluation: findEvaluation(store, name, number), trial }),
    );
  };
  app.get("/models/:name", (c) => modelAnswer(c, c.req.param("name")));
  app.get("/docs", (c) =>
    page(c, DocsPage({ frame: frame(c), routes: routeDocs(API, source, callOf(c).home) })),
  );
  app.get("/openapi.json", (c) => c.json(openApi(API, callOf(c).home)));
  app.get("/inspect", (c) => page(c, InspectPage({ frame: frame(c) })));

  // Forms. With htmx the page stays and its panels are pushed; a browser without script is sent to `path`.
  const stay = (c: C, path: string) => (c.req.header("hx-request") ? c.body(null, 204) : go(c, path));
  const go = (c: C, path: string) => {
    const location = `${config.BASE_PATH}${path}`;
    return c.req.header("hx-request")
      ? c.body(null, 204, { "hx-redirect": location })
      : c.redirect(location, 303);
  };
  app.post("/datasets", async (c) => {
    callOf(c).takeTime();
    const { id, ready } = await datasets.receive(c.req.raw, null);
    await ready;
    return go(c, `/datasets/${id}`);
  });
  app.post("/datasets/:id/train", async (c) =>
    go(c, `/runs/${runs.train(await trainForm(c.req.raw, c.req.param("id"))).id}`),
  );
  app.post("/datasets/:id/reading", async (c) =>
    go(c, `/datasets/${(await datasets.reread(c.req.param("id"), await readingForm(c.req.raw))).id}`),
  );
  app.post("/datasets/:id/preview", async (c) => {
    const id = c.req.param("id");
    return datasetAnswer(c, id, await datasets.preview(id, await readingForm(c.req.raw)));
  });
  app.post("/datasets/:id/delete", async (c) => {
    await datasets.delete(c.req.param("id"));
    return go(c, "/");
  });
  app.post("/runs/:id/stop", (c) => stay(c, `/runs/${runs.stopAndKeep(c.req.param("id")).id}`));
  app.post("/runs/:id/cancel", (c) => stay(c, `/runs/${runs.cancel(c.req.param("id")).id}`));
  app.post("/runs/:id/resume", (c) => stay(c, `/runs/${runs.resume(c.req.param("id")).id}`));
  app.post("/models/:name/live", async (c) =>
    stay(c, `/models/${(await models.deploy(c.req.param("name"), await deployForm(c.req.raw))).name}`),
  );
  app.post("/models/:name/predict", async (c) => {
    const { version, values } = await predictForm(c.req.raw);
    const asked = models.serving(c.req.param("name"), version);
    const trial = { version: asked.version, values, answer: null };
    try {
      const { predictions } = await serving.predict(asked, [new Map(Object.entries(values))], {
        explain: true,
      });
      return modelAnswer(c, asked.name, { ...trial, answer: predictions[0] ?? null });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return modelAnswer(c, asked.name, { ...trial, problem: problem(error, c.var.requestId) });
    }
  });

  // Live
  app.get("/ws", (c) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
      throw new AppError("syntax", "This is a WebSocket");
    const address = c.env.server?.requestIP(c.req.raw)?.address ?? "";
    const isUpgraded = c.env.server?.upgrade(c.req.raw, { data: sockets.admit(new URL(c.req.url), address) });
    if (!isUpgraded) throw new AppError("syntax", "The upgrade to a WebSocket failed");
    return new Response(null);
  });
  const panelOf = (name: string, subject: string | undefined) => {
    const parsed = parsePanelKey(subject === undefined ? name : `${name}:${subject}`);
    if (!parsed) throw new AppError("missing", `There is no panel ${name}`);
    return parsed;
  };
  app.get("/panels/:panel", (c) => {
    const [name, ending] = c.req.param("panel").split(".");
    const { panel, subject } = panelOf(name!, c.req.query("of"));
    if (ending === "json") return c.json(read(panel, subject));
    const key = panelKey(panel, subject);
    const fragment = live.fragment(key);
    if (!fragment) throw new AppError("missing", `There is no ${panel} ${subject ?? ""}`);
    return fragmentAnswer(c.req.raw, log.epoch, {
      fragment,
      isStaleSince: (seq) => live.isStaleSince(key, seq),
    });
  });
  app.get("/embed/:panel", (c) => {
    const { panel, subject } = panelOf(c.req.param("panel"), c.req.query("of"));
    const theme = chosenTheme(c.req.query("theme")) ?? "auto";
    const key = panelKey(panel, subject);
    return page(c, EmbedPage({ frame: frame(c), theme, panelKey: key, panel, data: read(panel, subject) }));
  });

  // API: the rows stand in core/api
  const callOf = (c: C): Call => ({
    box: source,
    request: c.req.raw,
    url: new URL(c.req.url),
    params: c.req.param() as Record<string, string>,
    query: c.req.query(),
    home: `${origin(c)}${config.BASE_PATH}`,
    requestId: c.var.requestId,
    standalonePage: ({ name, version, result: { verdict, schema } }, module) =>
      `<!DOCTYPE html>${StandalonePage({ name, version, verdict, schema, ...standaloneParts(module) })}`,
    takeTime: () => c.env?.server?.timeout(c.req.raw, 0),
  });
  for (const { method, path, handle } of API) app.on(method, path, (c) => handle(callOf(c)));

  app.get("/static/:file", (c) => {
    const asset = ASSETS.get(`/static/${c.req.param("file")}`);
    if (!asset) throw new AppError("missing", "There is no such file");
    return asset.answer(c.req.header("accept-encoding") ?? "");
  });
  return { app, sockets };
}

if (import.meta.main) {
  await runCommand(process.argv.slice(2))
    .then((isCommand) => (isCommand ? undefined : listen(createApp)))
    .catch(failCommand);
}
