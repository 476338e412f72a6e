/**
 * Every route and the one socket: a table of contents. Core does the work, views make the HTML, and the rows of the API
 * are in core/routes/api. It listens only when it is run directly.
 */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { HonoBase } from "hono/hono-base";
import { matchedRoutes } from "hono/route";
import { TrieRouter } from "hono/router/trie-router";
import { getPath as plainPath } from "hono/utils/url";
import { findPanel, type PanelKey, panelKey, parsePanelKey } from "./core/events/panel-names.ts";
import { ALL_VISIBLE, viewScopeOfAudience } from "./core/events/privacy.ts";
import { accessTable } from "./core/http/identity/access-table.ts";
import { curlCommand } from "./core/http/identity/curl.ts";
import { Gate, type RequestContext } from "./core/http/identity/gate.ts";
import { ANONYMOUS, may, viewerOf, viewScopeOf } from "./core/http/identity/identity.ts";
import { pathBelow, wantedForm } from "./core/http/negotiate.ts";
import { methodsAt, nothingAt } from "./core/http/problem.ts";
import { htmlAnswer, landingAnswer, problemAnswer } from "./core/http/responses.ts";
import { type DrawingKey, partsOf } from "./core/live/audiences.ts";
import type { Bindings } from "./core/live/bindings.ts";
import { Live, WALL_CLOCK } from "./core/live/live.ts";
import { ANY_ORIGIN, forOrigin } from "./core/live/messages.ts";
import { pageFragments } from "./core/live/page-fragments.ts";
import { Sockets, upgradeAnswer } from "./core/live/sockets.ts";
import { RequestTimes } from "./core/operations/request-times.ts";
import { failCommand } from "./core/operations/terminal.ts";
import { AppError } from "./core/platform/errors.ts";
import { Timings, withTimings } from "./core/platform/timing.ts";
import { VERSION } from "./core/platform/version.ts";
import { listen } from "./core/process/listen.ts";
import type { Signalbox } from "./core/process/signalbox.ts";
import { answerRoute } from "./core/routes/api/answer.ts";
import { apiDocs } from "./core/routes/api/docs.ts";
import { API, isForPrograms } from "./core/routes/api/index.ts";
import { Pipeline } from "./core/routes/api/pipeline.ts";
import { PredictFastPath } from "./core/routes/api/predict-fast-path.ts";
import type { Call } from "./core/routes/api/route.ts";
import { type PanelSource, READERS } from "./core/routes/data/panel-data.ts";
import { scopedSource } from "./core/routes/data/scoped-source.ts";
import * as forms from "./core/routes/pages/form-handlers.ts";
import { ORGANISE_FORMS } from "./core/routes/pages/organise-forms.ts";
import * as outcomes from "./core/routes/pages/outcome-forms.ts";
import * as pages from "./core/routes/pages/page-data.ts";
import { panelAnswer, refuseHiddenPanel } from "./core/routes/pages/panel-answer.ts";
import { type RefusedForm, SIGN_IN_ROUTES, signInData } from "./core/routes/pages/sign-in.ts";
import { WhatIfs } from "./core/routes/pages/try-row.ts";
import { ASSET_PATHS, ASSETS, standaloneParts } from "./static/assets.ts";
import { chosenTheme, type Links, type PageContext } from "./views/layout/page-context.ts";
import * as views from "./views/pages.ts";
import { drawnPanel } from "./views/panel-html.ts";
import { replayPath } from "./views/parts/paths.ts";

/** Loaded with the first request, because most servers start and run without one. */
const openApi = async () => (await import("./core/routes/api/openapi.ts")).openApi;
const settings = () => import("./core/routes/pages/settings-page.ts");
const schedules = () => import("./core/routes/pages/schedules-page.ts");
const sources = () => import("./core/routes/pages/sources-page.ts");
const later =
  <M extends Record<K, (call: Call) => unknown>, K extends string>(load: () => Promise<M>, name: K) =>
  (call: Call) =>
    load().then((module) => module[name](call)) as Promise<Awaited<ReturnType<M[K]>>>;

/** `seq`: where the log stood before anything was read for the answer. */
type Env = { Bindings: Bindings; Variables: { context: RequestContext; seq: number } };
type C = Context<Env>;

/** The app over an opened Signalbox, and its sockets. `publish` is Bun's, once there is a server. */
export function createApp(signalbox: Signalbox, publish: (topic: string, message: string) => void) {
  const { config, log, privacy, now } = signalbox;
  const requests = new RequestTimes(now);
  const own = { sockets: () => sockets.count, requests, startedAt: now(), viewScope: ALL_VISIBLE };
  const source: PanelSource = { ...signalbox, ...own };
  const links = (origin: string): Links => ({ base: config.BASE_PATH, origin, curl: curlCommand(config) });
  const gate = new Gate(signalbox, accessTable(API));
  const origin = (c: C) => gate.origin(c.var.context);
  /** `panels`: those that the page shows, beside the header's light; where that cannot be drawn the page goes without. */
  const contextOf = async (c: C, panels: readonly PanelKey[] = []): Promise<PageContext> => {
    const about = { links: links(origin(c)), version: VERSION, assets: ASSET_PATHS };
    const viewScope = viewScopeOf(c.var.context.identity ?? ANONYMOUS);
    const failed = (error: unknown) => defect(error, { panel: "health" });
    const fragments = await pageFragments(live, panels, { viewScope, privacy, failed });
    const panel = (key: PanelKey) =>
      drawnPanel(fragments.get(key) ?? null, (html) => forOrigin(html, about.links.origin));
    const theme = chosenTheme(getCookie(c, "theme"));
    const moment = { epoch: log.epoch, seq: c.var.seq, viewer: viewerOf(c.var.context.identity) };
    return { ...about, ...moment, panel, ...(theme && { theme }) };
  };
  const drawings = views.drawings(standaloneParts);
  const pipeline = new Pipeline({ signalbox: source, gate, requests, drawings });
  const fastPath = new PredictFastPath({ signalbox, pipeline, gate });
  const callOf = (c: C) => {
    const asked = { params: c.req.param(), query: c.req.query(), path: c.req.path };
    return pipeline.enter(c.var.context, { ...asked, bindings: c.env ?? {} });
  };
  const html = (node: unknown, status = 200) => htmlAnswer(`<!DOCTYPE html>${node}`, status);
  const pageAnswer = async <T>(c: C, data: T, page: views.Page<T>, status?: number) => {
    const form = wantedForm(c.req.raw);
    if (form === "html") {
      const context = await contextOf(c, await page.panels?.(data));
      return html(await page.html({ ...data, context }), status);
    }
    return form === "text" && page.text
      ? c.text(await page.text(data, links(origin(c))))
      : c.json(await page.json(data));
  };
  const defect = (error: unknown, about: { panel?: DrawingKey } = {}) =>
    signalbox.logger.error({ ...about, error: `${(error as Error).stack}` }, "defect");
  const live = new Live({
    clock: WALL_CLOCK,
    lastSeq: () => log.lastSeq,
    draw: async (drawing) => {
      const { key, audience } = partsOf(drawing);
      const { panel, subject } = parsePanelKey(key)!;
      if (privacy.settled !== null) await privacy.settled;
      const data = await READERS[panel](scopedSource(source, viewScopeOfAudience(audience)), subject);
      if (data === null && subject !== null) return null;
      return views.drawPanel({ panelKey: key, panel, data, links: links(ANY_ORIGIN) });
    },
    publish: (drawings, watermark) => sockets.publish(drawings, watermark),
    failed: (key, error) => defect(error, { panel: key }),
  });
  log.subscribe((seq, stale) => live.markStale(seq, stale));
  const { hear } = new WhatIfs({ signalbox, draw: views.drawWhatIf });
  const sockets = new Sockets({ config, log, privacy, live, publish, now, hear, failed: defect });
  const upgrade = (context: RequestContext, { url, hold, identity }: Call, server: Bindings["server"]) => {
    const visitor = {
      hold,
      origin: gate.origin(context),
      mayPredict: may(identity, "predict"),
      viewScope: viewScopeOf(identity),
      address: context.address,
    };
    return upgradeAnswer(context.request, server, () => sockets.admit(url, visitor));
  };

  const getPath = (request: Request) => pathBelow(config.BASE_PATH, plainPath(request));
  const app = new HonoBase<Env>({ getPath, router: new TrieRouter() }).basePath(config.BASE_PATH);
  /** How the table of routes names the one that will answer; null: only middleware matched. */
  const listedAs = (c: C) => {
    const { method, path } = matchedRoutes(c).at(-1)!;
    return path.endsWith("/*") ? null : `${method} ${path.slice(config.BASE_PATH.length) || "/"}`;
  };
  app.use(async (c, next) => {
    c.set("context", pipeline.arrive(c.req.raw, c.req.path, c.env ?? {}));
    c.set("seq", log.lastSeq);
    const timings = new Timings();
    await withTimings(timings, next);
    const finished = await pipeline.leave(c.var.context, c.res, { listed: listedAs(c), timings });
    // Assigning copies every header once more.
    if (finished !== c.res) c.res = finished;
  });
  app.use(
    async (c, next) =>
      (await gate.admit(c.var.context, listedAs(c))) ?? pipeline.whileAllowed(c.var.context, next),
  );
  app.onError((error, c) => refuse(c, error));
  app.notFound(async (c) => {
    const allow = methodsAt(app.routes, c.req.path);
    if (allow) c.var.context.headers.allow = allow;
    if (allow && c.req.method === "OPTIONS") return c.body(null, 204);
    return refuse(c, nothingAt(c.req.method, c.req.path, allow));
  });
  const refuse = async (c: C, error: unknown) => {
    const told = await pipeline.problemOf(c.var.context, error, listedAs(c));
    if (wantedForm(c.req.raw) !== "html" || isForPrograms(c.req.path.slice(config.BASE_PATH.length)))
      return problemAnswer(told);
    const isEmbed = c.req.path.startsWith(`${config.BASE_PATH}/embed/`);
    return html(await views.drawError({ context: await contextOf(c), problem: told }, isEmbed), told.status);
  };

  // Pages: the same address answers a script with JSON
  const page = <T>(path: string, read: (call: Call) => T | Promise<T>, drawn: views.Page<T>) =>
    app.get(path, async (c) => pageAnswer(c, await read(callOf(c)), drawn));
  page("/", pages.dashboardData, views.DASHBOARD);
  page("/datasets/:id", (call) => pages.datasetData(call), views.DATASET);
  for (const list of pages.LISTS) page(`/${list}`, pages.listData(list), views.LIST);
  page("/compare", pages.comparePageData, views.COMPARE);
  page("/history", pages.historyData, views.HISTORY);
  page("/runs/:id", pages.runData, views.RUN);
  page("/runs/:id/replay", pages.replayData, views.REPLAY);
  const replayOf = (c: C) => replayPath({ id: c.req.param("id")! }) + new URL(c.req.url).search;
  app.get("/runs/:id/rewind", (c) => c.redirect(config.BASE_PATH + replayOf(c), 308));
  page("/models/:name", (call) => pages.modelData(call), views.MODEL);
  page("/models/:name/report", (call) => pages.modelData(call), views.MODEL_REPORT);
  page("/schedules", later(schedules, "schedulesData"), views.SCHEDULES);
  page("/sources", later(sources, "sourcesData"), views.SOURCES);
  page("/docs", ({ signalbox: seen, home }) => apiDocs(API, seen, home), views.DOCS);
  page("/inspect", () => ({}), views.INSPECT);
  page("/settings", later(settings, "settingsData"), views.SETTINGS);
  page("/settings/tokens", pages.tokensData, views.TOKENS);
  page("/settings/audit", pages.auditData, views.AUDIT);
  page("/settings/sessions", pages.sessionsData, views.SESSIONS);
  page("/sign-in", signInData, views.SIGN_IN);

  // Forms: with htmx the page stays and its panels are pushed; a browser without script is sent to a page
  const form = (path: string, submit: (call: Call) => forms.FormResult | Promise<forms.FormResult>) =>
    app.post(path, async (c) => landingAnswer(c.req.raw, config.BASE_PATH, await submit(callOf(c))));
  for (const [path, submit] of Object.entries({ ...forms.FORMS, ...ORGANISE_FORMS })) form(path, submit);
  form("/settings/webhooks/:id/delete", later(settings, "deleteWebhook"));
  /** One whose answer is the page itself, with what was refused or may be seen this once. */
  const shownForm = <T extends { refusal: { status: number } | null }>(
    path: string,
    submit: (call: Call) => Promise<forms.FormResult | T>,
    { html: draw }: views.Page<T>,
  ) =>
    app.post(path, async (c) => {
      const outcome = await submit(callOf(c));
      if ("go" in outcome || "stay" in outcome) return landingAnswer(c.req.raw, config.BASE_PATH, outcome);
      return html(await draw({ ...outcome, context: await contextOf(c) }), outcome.refusal?.status);
    });
  shownForm("/settings", later(settings, "saveSettings"), views.SETTINGS);
  shownForm("/settings/embeds", later(settings, "createEmbed"), views.SETTINGS);
  shownForm("/settings/webhooks", later(settings, "createWebhook"), views.SETTINGS);
  shownForm("/sources", later(sources, "addSource"), views.SOURCES);
  shownForm("/sources/:id", later(sources, "changeSource"), views.SOURCES);
  shownForm("/sources/:id/refresh", later(sources, "refreshSource"), views.SOURCES);
  shownForm("/sources/:id/stop", later(sources, "stopSource"), views.SOURCES);
  form("/sources/:id/delete", later(sources, "deleteSource"));
  shownForm("/schedules", later(schedules, "addSchedule"), views.SCHEDULES);
  shownForm("/schedules/:id/run", later(schedules, "runSchedule"), views.SCHEDULES);
  shownForm("/schedules/:id/switch", later(schedules, "switchSchedule"), views.SCHEDULES);
  shownForm("/schedules/runs/:id/stop", later(schedules, "stopScheduleRun"), views.SCHEDULES);
  form("/schedules/:id/delete", later(schedules, "deleteSchedule"));
  shownForm("/settings/alert-routes", later(settings, "createAlertRoute"), views.SETTINGS);
  shownForm("/settings/alert-routes/:id/test", later(settings, "testAlertRoute"), views.SETTINGS);
  form("/settings/alert-routes/:id/delete", later(settings, "deleteAlertRoute"));
  app.post("/settings/tokens", async (c) => pageAnswer(c, await forms.createToken(callOf(c)), views.TOKENS));
  for (const { method, path, answer } of SIGN_IN_ROUTES)
    app.on(method, path, (c) => {
      const again: RefusedForm = async (shown) =>
        html(await views.SIGN_IN.html({ ...shown, context: await contextOf(c) }), shown.problem.status);
      return answer(signalbox, { gate, context: c.var.context, again, params: c.req.param() });
    });
  app.post("/datasets/:id/preview", async (c) => {
    const call = callOf(c);
    return pageAnswer(c, await pages.datasetData(call, await forms.previewReading(call)), views.DATASET);
  });
  app.post("/models/:name/predict", async (c) => {
    const call = callOf(c);
    const tried = await forms.tryModel(call);
    // Who may only predict sees the answer, not the model's page around it.
    if (!may(call.identity, "read")) return pageAnswer(c, tried, views.WHAT_IF);
    return pageAnswer(c, await pages.modelData(call, tried.trial), views.MODEL);
  });
  for (const [path, submit] of Object.entries(outcomes.MODEL_FORMS))
    app.post(path, async (c) => {
      const told = await submit(callOf(c));
      if (told instanceof Response) return told;
      const data = await pages.modelData(callOf(c), undefined, told);
      return pageAnswer(c, data, views.MODEL, told.batch?.status);
    });

  // Live
  app.get("/ws", (c) => upgrade(c.var.context, callOf(c), c.env.server));
  app.get("/panels", async (c) => {
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    const { url, identity } = callOf(c);
    const asked = { origin: origin(c), viewScope: viewScopeOf(identity) };
    return c.body(await sockets.presentAt(url, asked), 200, headers);
  });
  app.get("/panels/:panel", async (c) => {
    const whole = { base: callOf(c).home, origin: "", curl: curlCommand(config) };
    return panelAnswer(callOf(c), live, await views.panelForms(whole));
  });
  app.get("/embed/:panel", async (c) => {
    const { panel, subject } = findPanel(c.req.param("panel"), c.req.query("of"));
    const theme = chosenTheme(c.req.query("theme")) ?? "auto";
    const seen = callOf(c).signalbox;
    refuseHiddenPanel(seen, panel, subject);
    const drawn = { panelKey: panelKey(panel, subject), panel, data: await READERS[panel](seen, subject) };
    return html(
      await views.drawEmbed({ context: await contextOf(c), theme, token: c.req.query("token"), ...drawn }),
    );
  });

  for (const row of API) app.on(row.method, row.path, (c) => answerRoute(row, callOf(c)));
  app.get("/openapi.json", async (c) => c.json((await openApi())(API, callOf(c).home)));

  app.get("/static/:file", (c) => {
    const asset = ASSETS.get(`/static/${c.req.param("file")}`);
    if (!asset) throw new AppError("missing", "There is no such file");
    return asset.answer(c.req.header("accept-encoding") ?? "");
  });
  const { fetch } = app;
  app.fetch = async (request, env: Bindings = {}, context) =>
    fastPath.answer(request, env) ??
    (await pipeline.join(request, env, (context, call) => upgrade(context, call, env.server))) ??
    fetch(request, env, context);
  return { app, sockets };
}

if (import.meta.main) {
  const words = process.argv.slice(2);
  const command = async () => (await import("./core/process/command.ts")).runCommand(words);
  await (words.length ? command() : listen(createApp)).catch(failCommand);
}
