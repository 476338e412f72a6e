/** Alert routes: each channel in its own form, by severity, kind and model, with quiet hours and digests, to a real mail server. */
import { afterEach, expect, test } from "bun:test";
import { SMTPServer } from "smtp-server";
import { ALERTS, alertAction } from "../../../core/events/alert-records.ts";
import { AlertRoutes, type AlertRouteView } from "../../../core/operations/alert-routes/alert-routes.ts";
import { digestAfter, quietFor } from "../../../core/operations/alert-routes/clock.ts";
import { digestLines } from "../../../core/operations/alert-routes/digest.ts";
import { Sealer } from "../../../core/store/sealed.ts";
import { type Harness, openHarness } from "../../harness/app.ts";
import { inTime, until } from "../../harness/deadline.ts";
import { ownSchema } from "../../harness/postgres.ts";

const NOON = Date.parse("2026-03-02T12:00:00Z");
let clock = NOON;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  clock = NOON;
});

async function open(settings: Record<string, string> = {}): Promise<Harness> {
  const harness = await openHarness({ SECRET_KEY: "the same on every server", ...settings }, () => clock);
  closing.push(() => harness.close());
  return harness;
}

interface Received {
  path: string;
  body: Record<string, unknown>;
}

function webServer(): { url: string; received: Received[] } {
  const received: Received[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      received.push({ path: pathname, body: (await request.json()) as Record<string, unknown> });
      return new Response("ok", { status: pathname === "/refuses" ? 500 : 200 });
    },
  });
  closing.push(() => server.stop(true));
  return { url: server.url.href, received };
}

const raise = ({ signalbox }: Harness, subject: string, severity: "warning" | "error" = "warning") =>
  signalbox.alerts.raise({
    code: "drift",
    subject,
    severity,
    sentence: `Requests to ${subject} are <very> different.`,
    action: alertAction("drift", subject),
  });

test("mail reaches a mail server, and its refusals are reported", async () => {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith("nobody@") ? Object.assign(new Error("unknown"), { responseCode: 550 }) : null),
    onData: (stream, _session, done) => {
      let text = "";
      stream.on("data", (chunk) => {
        text += chunk;
      });
      stream.on("end", () => {
        mails.push(text);
        done();
      });
    },
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  smtp.listen(0, "127.0.0.1", resolve);
  await promise;
  closing.push(() => new Promise<void>((done) => smtp.close(() => done())));
  const { port } = smtp.server.address() as { port: number };
  const harness = await open({ SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: "signalbox@example.com" });
  const route = { name: "team", channel: "email", to: "ada@example.com, bob@example.com" };
  const made = await harness.send("POST", "/api/alert-routes", route);
  expect(made.status).toBe(201);
  const { id, to } = (await made.json()) as { id: string; to: string };
  expect(to).toBe("ada@example.com, bob@example.com");
  expect((await harness.ask(`/api/alert-routes/${id}/test`, { method: "POST" })).status).toBe(204);
  expect(mails[0]).toContain("Subject: Test message from Signalbox");
  await raise(harness, "crew");
  await until(() => mails.length === 2);
  expect(mails[1]).toContain("Requests to crew are <very> different.");
  const wrong = await harness.send("POST", "/api/alert-routes", { ...route, to: "nobody@example.com" });
  const { id: other } = (await wrong.json()) as { id: string };
  const refused = await harness.ask(`/api/alert-routes/${other}/test`, { method: "POST" });
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("answered 550")]);
}, 30_000);

test("each channel gets its own form; severity, kind and model select", async () => {
  const harness = await open();
  const { url, received } = webServer();
  const make = async (body: Record<string, unknown>) => {
    const answer = await harness.send("POST", "/api/alert-routes", body);
    expect(answer.status).toBe(201);
    return (await answer.json()) as { id: string; to: string };
  };
  for (const channel of ["slack", "teams", "discord", "webhook"])
    await make({ name: channel, channel, to: `${url}${channel}/secret-key` });
  await make({ name: "ntfy", channel: "ntfy", to: `${url}my-topic` });
  await make({ name: "errors", channel: "webhook", to: `${url}errors`, severities: ["error"] });
  await make({ name: "runs", channel: "webhook", to: `${url}runs`, kinds: ["run.failed"] });
  await make({ name: "boat", channel: "webhook", to: `${url}boat`, models: ["boat"] });
  await raise(harness, "crew");
  await until(() => received.length === 5);
  await raise(harness, "boat", "error");
  await until(() => received.length === 12);
  const of = (path: string) => received.filter((entry) => entry.path === path).map(({ body }) => body);
  expect(JSON.stringify(of("/slack/secret-key")[0]!.blocks)).toContain("&lt;very&gt;");
  expect(of("/teams/secret-key")[0]).toMatchObject({
    attachments: [{ content: { type: "AdaptiveCard", version: "1.4" } }],
  });
  expect(of("/discord/secret-key")[0]).toMatchObject({ allowed_mentions: { parse: [] } });
  expect(of("/")[0]).toMatchObject({ topic: "my-topic", priority: 4 });
  expect(of("/webhook/secret-key")[0]).toMatchObject({ kind: "drift", model: "crew", severity: "warning" });
  expect([of("/errors").length, of("/runs").length, of("/boat").length]).toEqual([1, 0, 1]);
  // The address is the channel's secret: no response shows it.
  expect(await (await harness.ask("/api/alert-routes")).text()).not.toContain("secret-key");
}, 30_000);

test("a digest reports what changed, once when it is due, and is retried if it fails", async () => {
  const harness = await open();
  const { url, received } = webServer();
  const { alertRoutes } = harness.signalbox;
  const digest = { every: "day" as const, at: "08:00", timeZone: "Europe/Berlin" };
  const { nextDigestAt } = await alertRoutes.create({
    name: "day",
    channel: "webhook",
    to: `${url}day`,
    digest,
  });
  expect(nextDigestAt).toBe("2026-03-03T07:00:00.000Z");
  clock += 1000;
  await harness.upload("crew.csv", "a,b\n1,2\n3,4\n");
  await alertRoutes.tick();
  expect(received).toHaveLength(0);
  clock = Date.parse("2026-03-03T07:00:10Z");
  await Promise.all([alertRoutes.tick(), alertRoutes.tick()]);
  expect(received.map(({ body }) => body.text)).toEqual(["1 new dataset version."]);
  const failing = await alertRoutes.create({ name: "bad", channel: "webhook", to: `${url}refuses`, digest });
  clock = Date.parse("2026-03-04T07:00:10Z");
  await alertRoutes.tick();
  expect(await alertRoutes.find(failing.id)).toMatchObject({
    attempts: 1,
    lastError: "answered 500",
    nextDigestAt: "2026-03-04T07:05:10.000Z",
  });
}, 30_000);

/** Routes on a harness's store, whose waiting advances the clock instead, once `begin` says so. */
function withMovedClock(
  { signalbox }: Harness,
  waited: (ms: number) => void,
  begin: Promise<void> = Promise.resolve(),
): AlertRoutes {
  const { store, log, privacy, logger, config } = signalbox;
  const routes = new AlertRoutes({
    ...{ store, log, privacy, logger, config, workerId: "tests", sealer: new Sealer("") },
    home: () => "http://127.0.0.1:8000",
    figures: async () => ({ models: [], datasets: [], alerts: [] }),
    now: () => clock,
    wait: async (ms) => {
      await begin;
      clock += Math.ceil(ms);
      waited(ms);
      await Bun.sleep(0);
    },
  });
  closing.push(() => routes.stop());
  return routes;
}

/** The route once it `holds`: it is saved after its message was taken. */
async function stateOf(routes: AlertRoutes, id: string, holds: (route: AlertRouteView) => boolean) {
  const state = async () => {
    let route = await routes.find(id);
    while (!holds(route)) {
      await Bun.sleep(5);
      route = await routes.find(id);
    }
    return route;
  };
  return inTime(state(), "the route's state");
}

test("quiet hours hold back warnings until they end, but not errors; alerts that ended meanwhile are not sent", async () => {
  const harness = await open();
  const { url, received } = webServer();
  const night = Date.parse("2026-03-02T23:00:00Z");
  clock = night;
  // The clock advances only when everything that must arrive at night has arrived.
  const gate = Promise.withResolvers<void>();
  const routes = withMovedClock(harness, () => {}, gate.promise);
  const quiet = { from: "22:00", to: "07:00", exceptErrors: true };
  const { id } = await routes.create({ name: "night", channel: "webhook", to: `${url}night`, quiet });
  await raise(harness, "over");
  await raise(harness, "crew");
  await raise(harness, "boat", "error");
  await until(() => received.length === 1);
  expect(received[0]!.body).toMatchObject({ severity: "error", model: "boat" });
  clock += 120_000;
  await harness.signalbox.alerts.resolve("drift", "over");
  gate.resolve();
  await until(() => received.length === 2);
  expect(received[1]!.body).toMatchObject({ severity: "warning", model: "crew" });
  expect(clock).toBeGreaterThanOrEqual(Date.parse("2026-03-03T07:00:00Z"));
  expect(await stateOf(routes, id, ({ delivered }) => delivered === 2)).toMatchObject({ givenUp: 0 });
}, 30_000);

test("a channel that is down gets each alert once it is back, in order and once; one that stays down is given up", async () => {
  const harness = await open();
  const { url, received } = webServer();
  const waits: number[] = [];
  let isDown = true;
  const gate = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) =>
      isDown
        ? new Response("", { status: 503 })
        : fetch(`${url}relayed`, { method: "POST", body: await request.text() }),
  });
  closing.push(() => gate.stop(true));
  const routes = withMovedClock(harness, (ms) => {
    waits.push(ms);
    if (waits.length === 4) isDown = false;
  });
  const { id } = await routes.create({ name: "down", channel: "webhook", to: gate.url.href });
  await raise(harness, "crew");
  await raise(harness, "boat");
  await until(() => received.length === 2);
  expect(received.map(({ body }) => body.model)).toEqual(["crew", "boat"]);
  expect(waits.slice(1).every((ms, k) => ms > waits[k]!)).toBe(true);
  const back = await stateOf(routes, id, ({ delivered }) => delivered === 2);
  expect(back).toMatchObject({ givenUp: 0, attempts: 0, lastError: null });
  isDown = true;
  await raise(harness, "lost");
  const view = await stateOf(routes, id, ({ givenUp }) => givenUp === 1);
  expect(view).toMatchObject({ delivered: 2, givenUp: 1, lastError: "answered 503" });
}, 30_000);

test("every alert says what is at risk and what to do", async () => {
  const harness = await open();
  const { url, received } = webServer();
  await harness.signalbox.alertRoutes.create({ name: "all", channel: "webhook", to: `${url}all` });
  const kinds = Object.keys(ALERTS) as (keyof typeof ALERTS)[];
  for (const code of kinds)
    await harness.signalbox.alerts.raise({
      ...{ code, subject: "crew", severity: "warning", sentence: `${code} of crew.` },
      action: alertAction(code, "crew"),
    });
  await until(() => received.length === kinds.length);
  for (const [k, code] of kinds.entries()) {
    const { risk, fix } = ALERTS[code];
    expect(received[k]!.body).toMatchObject({ kind: code, risk, fix });
    expect(received[k]!.body.text).toBe(`${code} of crew.\nAt risk: ${risk}\nWhat to do: ${fix}`);
  }
}, 30_000);

test("of two servers on one database one delivers, and the other one after it died", async () => {
  const schema = await ownSchema();
  closing.push(() => schema.drop());
  const [first, second] = [
    await open({ DATABASE_URL: schema.url, SECRET_KEY: "the same on both" }),
    await open({ DATABASE_URL: schema.url, SECRET_KEY: "the same on both" }),
  ];
  // The last to be closed is the first that was opened.
  closing.reverse();
  const { url, received } = webServer();
  await second.signalbox.alertRoutes.create({ name: "both", channel: "webhook", to: `${url}both` });
  for (const subject of ["a", "b", "c"]) await raise(first, subject);
  await until(() => received.length === 3);
  await second.signalbox.alertRoutes.stop();
  await raise(first, "d");
  await until(() => received.length === 4);
  expect(received.map(({ body }) => body.model)).toEqual(["a", "b", "c", "d"]);
}, 60_000);

test("quiet hours span midnight and keep the zone's clock", () => {
  const quiet = { from: "22:00", to: "07:00", timeZone: "Europe/Berlin" };
  expect(quietFor(quiet, Date.parse("2026-03-02T20:59:00Z"))).toBe(0);
  expect(quietFor(quiet, Date.parse("2026-03-02T21:00:00Z"))).toBe(9 * 3_600_000);
  expect(quietFor(quiet, Date.parse("2026-03-03T05:59:30Z"))).toBe(30_000);
  expect(quietFor(quiet, Date.parse("2026-03-03T06:00:00Z"))).toBe(0);
  const week = { every: "week" as const, at: "09:30", timeZone: "America/New_York" };
  expect(new Date(digestAfter(week, Date.parse("2026-03-03T00:00:00Z"))).toISOString()).toBe(
    "2026-03-09T13:30:00.000Z",
  );
});

test("the digest names figures that changed and nothing else", () => {
  const model = { name: "crew", liveVersion: 1, predictions: 10, outcomes: 0, metric: null, value: null };
  const before = { models: [model], datasets: [{ name: "a.csv", version: 1, rows: 10 }], alerts: [] };
  expect(digestLines(before, before, {})).toEqual([]);
  const now = {
    models: [{ ...model, liveVersion: 2, predictions: 25, metric: "Accuracy", value: 0.8123 }],
    datasets: [{ name: "a.csv", version: 2, rows: 12 }],
    alerts: ["crew drifts."],
  };
  expect(digestLines(before, now, { "run.finished": 2 })).toEqual([
    "crew: version 2 is live, 15 predictions, Accuracy 0.812.",
    "a.csv: 12 rows (10 before).",
    "2 finished training runs.",
    "Needs attention:",
    "crew drifts.",
  ]);
});
