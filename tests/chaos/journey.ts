/**
 * Runs a user's whole journey and records what was acknowledged: upload, correct, train, deploy, predict, report an
 * outcome, delete. The ledger holds every successful response; the step in progress may have happened or not.
 */

import { Database } from "bun:sqlite";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DATABASE } from "../../core/store/sqlite/database.ts";
import type { Victim } from "./victim.ts";

export interface Ledger {
  datasets: Map<string, { rows: number; version: number }>;
  deleted: Set<string>;
  runs: Set<string>;
  /** The newest version that a run ended with. */
  trained: number;
  /** Live version by model. */
  live: Map<string, number>;
  /** Requests without a response yet. */
  pending: string;
  /** Highest event seen. */
  seq: number;
}

export function newLedger(): Ledger {
  return {
    datasets: new Map(),
    deleted: new Set(),
    runs: new Set(),
    trained: 0,
    live: new Map(),
    pending: "",
    seq: 0,
  };
}

/** A row that the journey's model can predict. */
export const ROW = { age: 30, fare: 80, region: "north" };

/** A small believable table; each seed makes other bytes. */
export function tableCsv(seed: number, rows = 120): string {
  let state = seed + 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lines = Array.from({ length: rows }, () => {
    const [age, fare] = [Math.round(18 + 50 * next()), (100 * next()).toFixed(2)];
    const stays = next() < (Number(fare) > 50 ? 0.85 : 0.2) ? "yes" : "no";
    return `${age},${fare},${["north", "south", "west"][Math.floor(3 * next())]},${stays}`;
  });
  return `age,fare,region,stays\n${lines.join("\n")}\n`;
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(`${status} ${text.slice(0, 400)}`);
  }
}

/**
 * A part of the journey. It continues from the ledger, so that it can start from what an earlier process left behind.
 */
export interface Phase {
  name: string;
  go: (victim: Victim, ledger: Ledger, seed: number) => Promise<void>;
}

export const PHASES: Phase[] = [
  {
    name: "upload",
    async go(victim, ledger, seed) {
      const { id } = await step<{ id: string }>(ledger, "upload", () =>
        victim.ask(`/api/upload?name=crew-${seed}.csv`, { method: "POST", body: tableCsv(seed) }),
      );
      ledger.datasets.set(id, { rows: 120, version: 1 });
    },
  },
  {
    name: "correct",
    async go(victim, ledger) {
      const id = newest(ledger);
      const { version } = await step<{ version: number }>(ledger, `patch ${id}`, () =>
        victim.send("PATCH", `/api/datasets/${id}`, { types: { region: "category" } }),
      );
      ledger.datasets.set(id, { rows: 120, version });
    },
  },
  {
    name: "train",
    async go(victim, ledger) {
      const request = { datasetId: newest(ledger), target: "stays", name: "crew", budgetRounds: 1 };
      const run = await step<{ id: string; status: string; version: number; error: unknown }>(
        ledger,
        "train",
        () => victim.send("POST", "/api/train?wait=1", request),
      );
      if (run.status !== "finished") throw new Refused(500, JSON.stringify(run.error));
      ledger.runs.add(run.id);
      ledger.trained = run.version;
    },
  },
  {
    name: "deploy",
    async go(victim, ledger) {
      const version = ledger.trained;
      await step(ledger, `live ${version}`, () =>
        victim.send("PUT", "/api/models/crew/live", { version, confirm: true }),
      );
      ledger.live.set("crew", version);
    },
  },
  {
    name: "predict",
    async go(victim, ledger, seed) {
      const { predictions } = await step<{ predictions: { id: string }[] }>(ledger, "predict", () =>
        victim.send("POST", "/api/models/crew/predict", ROW),
      );
      await step(ledger, "actual", () =>
        victim.send("POST", `/api/predictions/${predictions[0]!.id}/actual`, { actual: "yes" }),
      );
      await step(ledger, "settings", () =>
        victim.send("PATCH", "/api/settings", { RETENTION_DAYS: 30 + (seed % 100) }),
      );
    },
  },
  {
    name: "delete",
    async go(victim, ledger) {
      const id = newest(ledger);
      const again = ledger.pending === `delete ${id}`;
      await step(ledger, `delete ${id}`, async () => {
        const answer = await victim.ask(`/api/datasets/${id}?now=1`, { method: "DELETE" });
        // Repeated after a failure: it was done all the same.
        return again && answer.status === 404 ? new Response(null, { status: 204 }) : answer;
      });
      ledger.datasets.delete(id);
      ledger.deleted.add(id);
    },
  },
];

async function step<T>(ledger: Ledger, what: string, answer: () => Promise<Response>): Promise<T> {
  ledger.pending = what;
  const response = await answer();
  const text = await response.text();
  if (!response.ok) throw new Refused(response.status, text);
  ledger.pending = "";
  return (text === "" ? {} : JSON.parse(text)) as T;
}

function newest(ledger: Ledger): string {
  return [...ledger.datasets.keys()].at(-1)!;
}

/** Throws Refused if a step's response is an error, and what `fetch` throws if the server is gone. */
export async function travel(victim: Victim, ledger: Ledger, seed: number): Promise<void> {
  for (const phase of PHASES) await phase.go(victim, ledger, seed);
}

/** What is wrong after a restart: acknowledged and gone, half done, or stuck. Empty: nothing. */
export async function faultsOf(victim: Victim, ledger: Ledger, folder: string): Promise<string[]> {
  if (!victim.isServing) return [`does not start again: ${victim.words.slice(-400)}`];
  const faults: string[] = [];
  const settled = await settle(victim);
  if (settled !== "") faults.push(settled);
  const get = async (path: string) => {
    const response = await victim.ask(path, { headers: { accept: "application/json" } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const isPending = (what: string) => ledger.pending === what;
  for (const [id, known] of ledger.datasets) {
    const { status, body } = await get(`/api/datasets/${id}`);
    if (isPending(`delete ${id}`) && status === 404) {
      ledger.datasets.delete(id);
      ledger.deleted.add(id);
    } else if (status !== 200 || body.rows !== known.rows) faults.push(`dataset ${id} lost: ${status}`);
    else if (body.version !== known.version && !isPending(`patch ${id}`))
      faults.push(`dataset ${id} went back`);
    else known.version = Number(body.version);
  }
  for (const id of ledger.deleted) {
    if ((await get(`/api/datasets/${id}`)).status !== 404) faults.push(`deleted dataset ${id} is back`);
  }
  for (const id of ledger.runs) {
    const { body } = await get(`/api/runs/${id}`);
    if (body.status !== "finished") faults.push(`run ${id} is ${body.status}`);
  }
  for (const [name, version] of ledger.live) {
    const { body } = await get(`/api/models/${name}`);
    const isMoved = ledger.pending.startsWith("live") && `live ${body.liveVersion}` === ledger.pending;
    if (body.liveVersion !== version && !isMoved)
      faults.push(`${name} is live as ${body.liveVersion}, not ${version}`);
    ledger.live.set(name, Number(body.liveVersion));
    const answer = await victim.send("POST", `/api/models/${name}/predict`, ROW);
    if (answer.status !== 200) faults.push(`${name} does not answer: ${await answer.text()}`);
  }
  const { seq } = await victim.json<{ seq: number }>("/api/status");
  if (seq < ledger.seq) faults.push(`the log went back from ${ledger.seq} to ${seq}`);
  ledger.seq = seq;
  faults.push(...filesAndRows(folder));
  ledger.pending = "";
  return faults;
}

/** Waits until nothing is read or trained; what never ends is stuck. */
async function settle(victim: Victim): Promise<string> {
  const until = performance.now() + 20_000;
  let busy: string[] = [];
  while (performance.now() < until) {
    const [runs, datasets] = await Promise.all(
      ["/api/runs?limit=100", "/api/datasets?limit=100"].map((path) =>
        victim.json<{ items: { id: string; status: string }[] }>(path),
      ),
    );
    if (!runs!.items || !datasets!.items)
      return `the lists: ${JSON.stringify([runs, datasets]).slice(0, 300)}`;
    busy = [...runs!.items, ...datasets!.items]
      .filter(({ status }) => ["queued", "running", "reading"].includes(status))
      .map(({ id, status }) => `${id} ${status}`);
    if (busy.length === 0) return "";
    await Bun.sleep(50);
  }
  return `stuck: ${busy.join(", ")}`;
}

/** The database is whole, and each file has its row. */
function filesAndRows(folder: string): string[] {
  const database = new Database(join(folder, DATABASE), { readonly: true });
  const faults: string[] = [];
  try {
    const column = (sql: string) =>
      database.query<Record<string, string>, []>(sql).values().flat().map(String);
    const checked = column("PRAGMA integrity_check").join("; ");
    if (checked !== "ok") faults.push(`integrity_check: ${checked}`);
    if (column("PRAGMA foreign_key_check").length > 0) faults.push("foreign keys point nowhere");
    const [first, last, count] = column("SELECT ifnull(min(seq), 0) FROM events")
      .concat(column("SELECT ifnull(max(seq), 0) FROM events"), column("SELECT count(*) FROM events"))
      .map(Number);
    if (count! > 0 && last! - first! + 1 !== count) faults.push("the log has a gap");
    const known = column("SELECT id FROM datasets");
    faults.push(...strangers(join(folder, "datasets"), known, /^([^.]*)\.csv(?:\..*\.column)?$/));
    faults.push(...strangers(join(folder, "runs"), column("SELECT id FROM runs"), /^(.*)$/));
    return faults;
  } finally {
    database.close();
  }
}

/** Files that belong to no row. */
function strangers(folder: string, ids: string[], name: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => !ids.includes(name.exec(file)?.[1] ?? ""))
    .map((file) => `${file} belongs to nothing`);
}
