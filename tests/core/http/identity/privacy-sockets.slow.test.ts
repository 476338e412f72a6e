/** Pushes changes to each viewer's socket and stream, and never what is private to somebody else. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import { passengersCsv } from "../../../harness/app.ts";
import { openServed, type Served } from "../../../harness/served.ts";

setDefaultTimeout(120_000);

const SECRET = /zebra/i;
const SCOPES: Scope[] = ["read", "predict", "train", "deploy"];
const PANELS =
  "datasets,runs,models,activity,attention,run,stages,curve,leaderboard,report,model,watch,health,predictions";
let served: Served;
const as: Record<string, Record<string, string>> = { admin: { authorization: "Bearer the admin of all" } };

beforeAll(async () => {
  served = await openServed({ AUTH: "token", ADMIN_TOKEN: "the admin of all" });
  for (const name of ["alice", "bob"]) {
    const { token } = await served.signalbox.tokens.create({ name, scopes: SCOPES }, "tests");
    as[name] = { authorization: `Bearer ${token}` };
  }
});
afterAll(() => served.close());

const ask = (who: string, path: string, init: RequestInit = {}) =>
  fetch(served.url + path, {
    ...init,
    headers: { ...as[who], accept: "application/json", ...(init.headers as Record<string, string>) },
  });
const change = (who: string, path: string, body: unknown) =>
  ask(who, path, {
    ...{ method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  });

/** A viewer that reconnects when disconnected, as a page does. */
class Watcher {
  text = "";
  cuts = 0;
  private socket: WebSocket | null = null;
  private isOver = false;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly who: string,
    private readonly query: string,
  ) {}

  /** Resolves once it is greeted. */
  async open(): Promise<this> {
    const url = `${served.url.replace("http", "ws")}/ws?${this.query}`;
    const socket = new WebSocket(url, { headers: as[this.who] } as unknown as string[]);
    this.socket = socket;
    const greeted = Promise.withResolvers<void>();
    socket.addEventListener("message", ({ data }) => {
      this.text += `${data}\n`;
      greeted.resolve();
      for (const wake of this.waiting.splice(0)) wake();
    });
    socket.addEventListener("close", () => {
      this.cuts += 1;
      if (!this.isOver) void this.open();
    });
    await greeted.promise;
    return this;
  }

  /** Fails if it does not arrive within 20 s. */
  async until(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!pattern.test(this.text)) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.who} was not sent ${pattern}`);
      await Promise.race([new Promise<void>((wake) => this.waiting.push(wake)), Bun.sleep(left)]);
    }
  }

  send(message: unknown): void {
    this.socket?.send(JSON.stringify(message));
  }

  close(): void {
    this.isOver = true;
    this.socket?.close();
  }
}

const train = (who: string, name: string, query: string, seed: number) =>
  ask(who, `/api/train/${name}.csv?target=Survived&name=${name}&budgetSeconds=5&budgetRounds=1${query}`, {
    ...{ method: "PUT", body: passengersCsv(90, seed) },
  }).then((answer) => answer.json() as Promise<{ id: string; datasetId: string; status: string }>);

test("a private training is pushed to its owner and admins, and to nobody else", async () => {
  const viewers = Object.fromEntries(
    await Promise.all(
      ["alice", "bob", "admin"].flatMap((who) => [
        new Watcher(who, `panels=${PANELS}`).open().then((watcher) => [`${who} pages`, watcher] as const),
        new Watcher(who, "format=json&since=0").open().then((watcher) => [`${who} events`, watcher] as const),
      ]),
    ),
  );
  const own = await train("alice", "zebra", "&visibility=private", 1);
  expect(own.status).toBe("finished");
  for (const who of ["alice", "admin"])
    for (const kind of ["pages", "events"]) await viewers[`${who} ${kind}`]!.until(SECRET);
  // A later message has arrived: nothing earlier is still on its way.
  await train("bob", "lions", "", 2);
  for (const kind of ["pages", "events"]) {
    await viewers[`bob ${kind}`]!.until(/lions/);
    expect([kind, SECRET.test(viewers[`bob ${kind}`]!.text)]).toEqual([kind, false]);
  }

  // Shared: everybody is notified. Private again: it disappears from the lists that are pushed, and its own panel ends.
  expect((await change("bob", `/api/datasets/${own.datasetId}`, { visibility: "team" })).status).toBe(404);
  expect((await change("alice", `/api/datasets/${own.datasetId}`, { visibility: "team" })).status).toBe(200);
  await viewers["bob pages"]!.until(SECRET);
  await viewers["bob events"]!.until(SECRET);
  const subject = await new Watcher("bob", `panels=run:${own.id},model:zebra`).open();
  expect(SECRET.test(subject.text)).toBe(true);
  const fresh = await new Watcher("bob", `panels=${PANELS}`).open();
  fresh.text = "";
  subject.text = "";
  expect((await change("alice", `/api/datasets/${own.datasetId}`, { visibility: "private" })).status).toBe(
    200,
  );
  await subject.until(new RegExp(`"gone":\\["run:${own.id}","model:zebra"\\]`));
  expect(subject.cuts).toBe(1);
  subject.text = "";
  await change("alice", `/api/runs/${own.id}`, { note: "zebra crossing" });
  await change("alice", "/api/models/zebra", { tags: ["zebra"] });
  await train("bob", "tigers", "", 3);
  await fresh.until(/tigers/);
  expect(SECRET.test(fresh.text)).toBe(false);
  expect(SECRET.test(subject.text.replaceAll("model:zebra", ""))).toBe(false);

  // What-if predictions come over the page's socket.
  const asked = { trial: 7, model: "zebra", form: "version=1&f.Sex=female" };
  const asker = await new Watcher("alice", "panels=metrics").open();
  asker.send(asked);
  await asker.until(/"trial":7,"target"/);
  fresh.text = "";
  fresh.send(asked);
  await fresh.until(/"trial":7,"failed":true/);
  for (const viewer of [...Object.values(viewers), subject, fresh, asker]) viewer.close();
});
