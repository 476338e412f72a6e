/**
 * Rig 8c: secrets are planted through every route, in every place where a client may put one, and searched everywhere
 * else: in responses, pages, gauges, the log, the list of processes, the input of training children, and on disk.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS, type Setting } from "../../core/operations/config.ts";
import { API } from "../../core/routes/api/index.ts";
import { newLedger, tableCsv, travel } from "./journey.ts";
import type { Rig, RigOptions, Table } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const PAGES = ["/", "/datasets", "/runs", "/models", "/models/crew", "/docs", "/inspect", "/settings"];
const MORE_PAGES = ["/settings/tokens", "/settings/audit", "/sign-in", "/embed/metrics", "/openapi.json"];
const sown = (name: string) => `sown-${name}-${"4f1c9a7be2d35068".repeat(3)}`.slice(0, 43);
const IN_SETTINGS = Object.entries<Setting>(SETTINGS).flatMap(([name, { isSecret }]) =>
  // The database's password is sown in tests/core/http/identity/auth-secrets.slow.test.ts, which has one.
  isSecret && !name.endsWith("_URL") ? [name] : [],
);
/** What they are sent is data, shown as data. */
const TAKES_DATA =
  /upload|predict|actual|counterfactual|feedback|restore|(PUT|POST) \/api\/train\/|PUT \/api\/train/;
const TRAINING_ROWS = 3000;

/** Secrets by kind; `onDisk`: SECURITY.md says that the database holds it. */
type Secrets = Map<string, { text: string; onDisk?: true }>;

export const SECRETS: Rig = {
  name: "secrets",
  says: "secrets sown through every route, and looked for",
  needs: [],
  weight: 10,
  async run(options, table) {
    const folder = newFolder();
    const secrets: Secrets = new Map(IN_SETTINGS.map((name) => [name, { text: sown(name) }]));
    const settings = Object.fromEntries(
      IN_SETTINGS.map((name) => [
        name,
        name === "SMTP_URL" ? `smtp://user:${sown(name)}@127.0.0.1:9` : sown(name),
      ]),
    );
    const victim = await Victim.start({
      folder,
      settings: { ...settings, AUTH: "token", LOG_LEVEL: "debug", WEBHOOK_URL: "http://127.0.0.1:9/" },
    });
    victim.headers.authorization = `Bearer ${sown("ADMIN_TOKEN")}`;
    await travel(victim, newLedger(), 1);
    await makeSecrets(victim, secrets);
    const asked = await sowEverywhere(victim, secrets, options);
    const leaks = new Leaks(secrets);
    const read = await readEverything(victim, leaks);
    const processes = await readProcesses(victim, leaks);
    leaks.search("the log", victim.words);
    leaks.search("its own words", victim.words.slice(-1000));
    await victim.end();
    const files = readFiles(folder, leaks);
    table.row(`${secrets.size} secrets, ${asked} requests with them`).add("sown", "");
    judge(table, `${read} answers, pages and gauges`, leaks.found("answer"));
    judge(table, "the log, every level", leaks.found("the log"));
    judge(table, `${processes} processes of ours: command, environment`, leaks.found("process"));
    judge(table, `${files} files of the data folder`, leaks.found("file"));
    rmSync(folder, { recursive: true });
  },
};

class Leaks {
  private readonly places: string[] = [];
  constructor(private readonly secrets: Secrets) {}

  search(place: string, text: string, isDisk = false): void {
    for (const [name, secret] of this.secrets)
      if (text.includes(secret.text) && !(isDisk && secret.onDisk)) this.places.push(`${place}: ${name}`);
  }

  found(kind: string): string[] {
    return this.places.filter((place) => place.startsWith(kind));
  }
}

function judge(table: Table, what: string, leaks: string[]): void {
  table.row(what).add(leaks.length > 0 ? "LOST" : "none in them", leaks.join("; "));
}

/** Those that the server makes itself: each shown once, in one response. */
async function makeSecrets(victim: Victim, secrets: Secrets): Promise<void> {
  const make = async (path: string, body: object) => {
    const answer = await victim.send("POST", path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { token: string; secret: string };
  };
  for (const scope of ["read", "predict", "train", "embed", "admin"])
    secrets.set(`${scope} token`, {
      text: (await make("/api/tokens", { name: scope, scopes: [scope] })).token,
    });
  const { secret } = await make("/api/webhooks", { url: "http://127.0.0.1:9/hook" });
  secrets.set("a webhook's secret", { text: secret, onDisk: true });
  const { token } = await make("/api/embeds", { panel: "metrics" });
  secrets.set("an embed's token", { text: token });
  const entered = await victim.ask("/sign-in", {
    method: "POST",
    body: new URLSearchParams({ token: secrets.get("read token")!.text }),
    headers: { origin: new URL(victim.url).origin },
    redirect: "manual",
  });
  const cookie = /=([\w-]{43});/.exec(entered.headers.get("set-cookie") ?? "")?.[1];
  if (!cookie) throw new Error(`no cookie: ${entered.status}`);
  secrets.set("a session's cookie", { text: cookie });
}

/** Every route, with right and wrong secrets wherever a client may put one, or in one of these places; how many requests. */
async function sowEverywhere(victim: Victim, secrets: Secrets, { isShort }: RigOptions): Promise<number> {
  const { port, origin } = new URL(victim.url);
  const wrong = (name: string) => {
    const text = sown(name);
    secrets.set(name, { text });
    return text;
  };
  const cookie = `signalbox-${port}=`;
  const ways: (() => { headers?: Record<string, string>; query?: string; body?: string })[] = [
    () => ({ headers: { authorization: `Bearer ${wrong("a wrong token")}` } }),
    () => ({ headers: { authorization: `Basic ${btoa(`admin:${wrong("a password")}`)}` } }),
    () => ({ headers: { authorization: "", cookie: cookie + wrong("a wrong cookie") } }),
    () => ({
      headers: { authorization: "", cookie: cookie + secrets.get("a session's cookie")!.text, origin },
    }),
    () => ({ headers: { authorization: "" }, query: `?token=${wrong("a token in an address")}` }),
    () => ({ headers: { "x-forwarded-user": "admin", "x-auth-secret": wrong("a proxy's secret") } }),
    () => ({
      body: JSON.stringify({ password: wrong("a password in JSON"), token: wrong("a token in JSON") }),
    }),
    () => ({ body: JSON.stringify({ url: `http://u:${wrong("a password in an address")}@127.0.0.1:9/` }) }),
  ];
  let asked = 0;
  const routes = [
    ...API.map(({ method, path }) => ({ method, path })),
    ...[...PAGES, ...MORE_PAGES].map((path) => ({ method: "GET", path })),
    { method: "POST", path: "/sign-in" },
  ];
  for (const [place, { method, path }] of routes.entries())
    for (const [k, way] of ways.entries()) {
      if (isShort && k !== place % ways.length) continue;
      const { headers, query = "", body } = way();
      if (body && (method === "GET" || method === "HEAD" || TAKES_DATA.test(`${method} ${path}`))) continue;
      if (path === "/api/backup") continue;
      const ended = AbortSignal.timeout(2000);
      const init = {
        method,
        headers: { "content-type": "application/json", ...headers },
        signal: ended,
        ...(body && { body }),
      };
      const answer = await victim.ask(`${path.replace(/:\w+/g, "x")}${query}`, {
        ...init,
        redirect: "manual",
      });
      await answer.body?.cancel();
      asked++;
    }
  return asked;
}

async function readEverything(victim: Victim, leaks: Leaks): Promise<number> {
  const gets = API.filter(({ method, path }) => method === "GET" && path !== "/api/backup").map(
    ({ path }) => path,
  );
  const own = gets.map((path) =>
    path.replace(":name", "crew").replace(":version", "1").replace(/:\w+/g, "x"),
  );
  let read = 0;
  for (const path of [...PAGES, ...MORE_PAGES, ...own])
    for (const accept of ["text/html", "application/json", "*/*"]) {
      const answer = await victim.ask(path, { headers: { accept }, signal: AbortSignal.timeout(10_000) });
      leaks.search(`answer of ${path} as ${accept}`, `${[...answer.headers].join()} ${await answer.text()}`);
      read++;
    }
  return read;
}

/** The server's command line, and command line and environment of a child that reads and of one that trains. */
async function readProcesses(victim: Victim, leaks: Leaks): Promise<number> {
  const { pid } = victim.child;
  leaks.search("process: the server's command line", readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  const seen = new Set<number>();
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const children = Bun.spawnSync(["pgrep", "-P", String(pid)])
        .stdout.toString()
        .trim();
      for (const child of children.split("\n").filter(Boolean).map(Number)) {
        if (seen.has(child)) continue;
        for (const file of ["cmdline", "environ"])
          leaks.search(`process: ${file} of a child`, readFileSync(`/proc/${child}/${file}`, "utf8"));
        seen.add(child);
      }
      await Bun.sleep(10);
    }
  })();
  const uploaded = await victim.ask("/api/upload?name=watched.csv", {
    method: "POST",
    body: tableCsv(7, TRAINING_ROWS),
  });
  const { id } = (await uploaded.json()) as { id: string };
  await (
    await victim.send("POST", "/api/train?wait=1", { datasetId: id, target: "stays", budgetRounds: 1 })
  ).text();
  over.abort();
  await watching;
  if (seen.size < 2) throw new Error(`only ${seen.size} children were seen`);
  return seen.size + 1;
}

function readFiles(folder: string, leaks: Leaks): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const { parentPath, name } of files)
    leaks.search(`file ${name}`, readFileSync(join(parentPath, name), "latin1"), true);
  return files.length;
}
