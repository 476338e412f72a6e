/** Alert routes: each channel in its own form, by severity, kind and model, with quiet hours and digests, to a real mail server. */
import { afterEach, expect, test } from "bun:test";
import { SMTPServer } from "smtp-server";
import { alertAction } from "../../../core/events/alert-records.ts";
import { digestAfter, quietFor } from "../../../core/operations/alert-routes/clock.ts";
import { digestLines } from "../../../core/operations/alert-routes/digest.ts";
import { type Harness, openHarness } from "../../harness/app.ts";
import { until } from "../../harness/deadline.ts";

let clock = Date.parse("2026-03-02T12:00:00Z");
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(settings: Record<string, string> = {}): Promise<Harness> {
  const harness = await openHarness(settings, () => clock);
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

test("mail reaches a mail server, and what it refuses is said", async () => {
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

test("each channel gets its own form; severity, kind and model choose", async () => {
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
  // The address is the key to a channel: no answer shows it.
  expect(await (await harness.ask("/api/alert-routes")).text()).not.toContain("secret-key");
}, 30_000);

test("a digest tells what changed, once when it is due, and is tried again where it fails", async () => {
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
  clock = Date.parse("2026-03-02T12:00:00Z");
}, 30_000);

test("quiet hours pass midnight and keep the zone's clock", () => {
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
