/**
 * What the cluster acknowledged, and whether all of it exists: files, runs, the deployment, a setting, outcomes. It
 * asks as scripts do, through the proxy, and counts only successful responses.
 */
import { ROW, tableCsv } from "../journey.ts";
import type { Fleet } from "./fleet.ts";

const ASK_MS = 15_000;

export class Ledger {
  private readonly files = new Set<string>();
  private readonly runs = new Set<string>();
  private readonly outcomes = new Set<string>();
  private deployed = 0;
  /** 0: not known. */
  private retention = 0;
  private datasetId = "";
  private uploads = 0;

  constructor(private readonly fleet: Fleet) {}

  /** A trained model with two versions, to deploy one or the other. */
  async begin(): Promise<void> {
    const { id } = await this.must<{ id: string }>("POST", "api/upload?name=crew.csv", tableCsv(1));
    this.datasetId = id;
    this.files.add(id);
    for (let version = 1; version <= 2; version++) {
      const run = await this.must<{ id: string; status: string }>("POST", "api/train?wait=1", {
        ...{ datasetId: id, name: "crew", target: "stays", budgetRounds: 3 },
      });
      if (run.status !== "finished") throw new Error(`the first run is ${run.status}`);
    }
    await this.must("PUT", "api/models/crew/live", { version: 1, confirm: true });
    this.deployed = 1;
  }

  /** A write that every server must learn of: resolves once it is acknowledged. */
  async write(turn: number): Promise<void> {
    for (;;) {
      const version = 1 + (turn % 2);
      if (await this.tries("PUT", "api/models/crew/live", { version, confirm: true })) {
        this.deployed = version;
        return;
      }
      await Bun.sleep(30);
    }
  }

  /** One of each kind; what is refused for now does not count. */
  async workOn(turn: number): Promise<void> {
    await Promise.all([this.setRetention(7 + (turn % 20)), this.upload(), this.train(), this.predict()]);
  }

  /** What was asked and not answered may be in force or not. */
  private async setRetention(days: number): Promise<void> {
    this.retention = 0;
    if (await this.tries("PATCH", "api/settings", { RETENTION_DAYS: days })) this.retention = days;
  }

  private async upload(): Promise<void> {
    const name = `file-${++this.uploads}.csv`;
    const body = `a,b\n${`${this.uploads},x\n2,y\n`.repeat(30)}`;
    const made = await this.tries<{ id: string }>("POST", `api/upload?wait=0&name=${name}`, body);
    if (made) this.files.add(made.id);
  }

  /** Few at a time: the queue is to be worked on, not to grow. */
  private async train(): Promise<void> {
    const { items } = (await this.tries<{ items: object[] }>("GET", "api/runs?status=queued&limit=5")) ?? {
      items: [{}, {}, {}],
    };
    if (items.length > 1) return;
    const asked = { datasetId: this.datasetId, name: "more", target: "stays", budgetSeconds: 3 };
    const run = await this.tries<{ id: string }>("POST", "api/train", asked);
    if (run) this.runs.add(run.id);
  }

  private async predict(): Promise<void> {
    const answer = await this.tries<{ predictions: { id: string }[] }>(
      "POST",
      "api/models/crew/predict",
      ROW,
    );
    const id = answer?.predictions[0]?.id;
    if (!id) return;
    // Once its prediction is stored: what was predicted in the last second before a crash may be lost.
    for (let attempt = 0; attempt < 20; attempt++) {
      const status = await this.status("POST", `api/predictions/${id}/actual`, { actual: "yes" });
      if (status === 200) return void this.outcomes.add(id);
      if (status !== 202 && status !== 404) return;
      await Bun.sleep(150);
    }
  }

  /** Servers that do not show what was acknowledged last. */
  async behind(): Promise<string[]> {
    const asked = this.fleet.servers.map(async ({ name, url }) => {
      const model = await getJson<{ liveVersion: number }>(`${url}api/models/crew`);
      const settings = await getJson<{ RETENTION_DAYS: { value: unknown } }>(`${url}api/settings`);
      const retention = settings?.RETENTION_DAYS.value;
      if (model?.liveVersion !== this.deployed) return [`${name} deploys ${model?.liveVersion}`];
      if (this.retention && Number(retention) !== this.retention) return [`${name} keeps ${retention} days`];
      return [];
    });
    return (await Promise.all(asked)).flat();
  }

  /** What is lost, doubled or not ended, once everything is quiet; empty if nothing is. */
  async faults(): Promise<string[]> {
    const found: string[] = [];
    const rows = await this.fleet.rows<{ id: string; status: string }>("SELECT id, status FROM datasets");
    const files = new Map(rows.map(({ id, status }) => [id, status]));
    for (const id of this.files) if (files.get(id) !== "ready") found.push(`file ${id} is ${files.get(id)}`);
    const runs = new Map(
      (
        await this.fleet.rows<{ id: string; status: string; error: string | null }>(
          "SELECT id, status, error FROM runs",
        )
      ).map((run) => [run.id, run]),
    );
    for (const id of this.runs)
      if (runs.get(id)?.status !== "finished")
        found.push(`run ${id} is ${runs.get(id)?.status}: ${runs.get(id)?.error}`);
    const twice = await this.fleet.rows<{ run_id: string }>(
      "SELECT run_id FROM run_events WHERE type = 'run.finished' GROUP BY run_id HAVING count(*) <> 1",
    );
    for (const { run_id: id } of twice) found.push(`run ${id} finished more than once`);
    const doubled = await this.fleet.rows<{ run_id: string }>(
      "SELECT run_id FROM model_versions GROUP BY run_id HAVING count(*) > 1",
    );
    for (const { run_id: id } of doubled) found.push(`run ${id} made two versions`);
    const outcomes = new Set(
      (await this.fleet.rows<{ id: string }>("SELECT prediction_id AS id FROM outcomes")).map(({ id }) => id),
    );
    for (const id of this.outcomes) if (!outcomes.has(id)) found.push(`the outcome of ${id} is lost`);
    return [...found, ...(await this.behind())];
  }

  /** How much is owed by the queue, in runs and files. */
  async unfinished(): Promise<number> {
    const [row] = await this.fleet.rows<{ n: string }>(
      `SELECT (SELECT count(*) FROM runs WHERE status IN ('queued', 'running', 'interrupted'))
         + (SELECT count(*) FROM datasets WHERE status = 'reading') AS n`,
    );
    return Number(row!.n);
  }

  get counts(): string {
    return `${this.files.size} files, ${this.runs.size + 2} trainings, ${this.outcomes.size} outcomes acknowledged`;
  }

  private async must<T>(method: string, path: string, body: unknown): Promise<T> {
    const answer = await this.ask(method, path, body);
    if (!answer?.ok) throw new Error(`${method} ${path}: ${answer?.status} ${await answer?.text()}`);
    return (await answer.json()) as T;
  }

  private async tries<T>(method: string, path: string, body?: unknown): Promise<T | null> {
    const answer = await this.ask(method, path, body);
    if (!answer?.ok) {
      await answer?.body?.cancel();
      return null;
    }
    return (await answer.json().catch(() => null)) as T | null;
  }

  private async status(method: string, path: string, body: unknown): Promise<number> {
    const answer = await this.ask(method, path, body);
    await answer?.body?.cancel();
    return answer?.status ?? 0;
  }

  private ask(method: string, path: string, body?: unknown): Promise<Response | null> {
    const isText = typeof body === "string";
    const headers = { "content-type": isText ? "text/csv" : "application/json" };
    const init = body === undefined ? {} : { headers, body: isText ? body : JSON.stringify(body) };
    return fetch(`${this.fleet.url}${path}`, { method, signal: AbortSignal.timeout(ASK_MS), ...init }).catch(
      () => null,
    );
  }
}

async function getJson<T>(url: string): Promise<T | null> {
  const headers = { accept: "application/json" };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
  return answer?.ok ? ((await answer.json().catch(() => null)) as T | null) : null;
}
