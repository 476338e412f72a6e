/**
 * Wakes the servers on one database. NOTIFY is sent after a commit and outside every transaction, at most once in 40
 * ms; LISTEN has a connection of its own, which is tested at the start and every minute. Listeners must poll as well: a
 * connection may be lost in silence.
 */
import pg from "pg";
import { AppError, StoreUnavailable } from "../../platform/errors.ts";
import { isLost } from "./failures.ts";

const TELL_MS = 40;
const PROOF_MS = 3000;
const PROVE_EVERY_MS = 60_000;
const AGAIN_MS = 1000;
const CONNECT_MS = 5000;

export interface WakeOptions {
  url: string;
  channel: string;
  /** "never": this process only announces, and polls for what others append. */
  listens: "always" | "never";
  /** NOTIFY over the store's own connections. */
  tell: (channel: string, payload: string) => Promise<void>;
  warn: (about: Record<string, unknown>, message: string) => void;
}

export class Wake {
  private readonly listeners = new Set<(seq: number) => void>();
  private client: pg.Client | null = null;
  private newest = 0;
  private timer: Timer | null = null;
  private proving: Timer | null = null;
  private again: Timer | null = null;
  /** What a connection test waits for. */
  private readonly proofs = new Map<string, () => void>();
  private isClosed = false;

  private constructor(private readonly options: WakeOptions) {}

  /** Throws AppError `syntax` if LISTEN does not work: a pooler in transaction mode. */
  static async open(options: WakeOptions): Promise<Wake> {
    const wake = new Wake(options);
    if (options.listens === "never") return wake;
    await wake.listen();
    if (!(await wake.isHeard())) {
      await wake.close();
      throw new AppError("syntax", "LISTEN does not reach the database", {
        fix: "Set LISTEN_URL to the database itself: DATABASE_URL seems to go through a pooler.",
      });
    }
    wake.proving = setInterval(() => void wake.prove(), PROVE_EVERY_MS);
    return wake;
  }

  /** Shortly after: the newest number announced meanwhile. */
  announce(seq: number): void {
    this.newest = Math.max(this.newest, seq);
    if (this.timer || this.isClosed) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      // Others poll several times a second.
      this.options.tell(this.options.channel, String(this.newest)).catch(() => {});
    }, TELL_MS);
  }

  /** Calls `heard` with each announcement; the returned function unsubscribes. */
  follow(heard: (seq: number) => void): () => void {
    this.listeners.add(heard);
    return () => this.listeners.delete(heard);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const timer of [this.timer, this.again]) if (timer) clearTimeout(timer);
    if (this.proving) clearInterval(this.proving);
    await this.drop();
  }

  private async listen(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: "signalbox listen",
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
      keepAlive: true,
    });
    client.on("notification", ({ payload = "" }) => this.hear(payload));
    client.on("error", () => this.lose(client));
    client.on("end", () => this.lose(client));
    try {
      await client.connect();
      this.client = client;
      await client.query(`LISTEN ${this.options.channel}`);
    } catch (error) {
      this.client = null;
      void client.end().catch(() => {});
      if (isLost(error)) throw new StoreUnavailable(`LISTEN: ${(error as Error).message}`);
      throw error;
    }
  }

  private hear(payload: string): void {
    const proof = this.proofs.get(payload);
    if (proof) proof();
    else for (const listener of this.listeners) listener(Number(payload) || 0);
  }

  private lose(client: pg.Client): void {
    if (client !== this.client) return;
    this.client = null;
    this.listenAgain();
  }

  private listenAgain(): void {
    if (this.isClosed || this.again) return;
    this.again = setTimeout(() => {
      this.again = null;
      if (!this.isClosed && !this.client) this.listen().catch(() => this.listenAgain());
    }, AGAIN_MS);
  }

  /** A connection that hears nothing is replaced. */
  private async prove(): Promise<void> {
    if (!this.client || (await this.isHeard()) || this.isClosed) return;
    this.options.warn({}, "LISTEN missed a NOTIFY: reconnecting");
    await this.drop();
    this.listenAgain();
  }

  private async isHeard(): Promise<boolean> {
    const payload = `proof:${crypto.randomUUID()}`;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), PROOF_MS);
    this.proofs.set(payload, () => resolve(true));
    try {
      await this.options.tell(this.options.channel, payload);
      return await promise;
    } catch {
      // The database itself does not respond: nothing is known about LISTEN.
      return true;
    } finally {
      clearTimeout(timer);
      this.proofs.delete(payload);
    }
  }

  private async drop(): Promise<void> {
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => {});
  }
}
