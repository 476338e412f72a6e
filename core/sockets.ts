/**
 * Who is watching, and what does each still need? Viewers of panels get published drawings; readers of events pull the
 * log by their own cursor. It knows no route; the server hands it upgraded sockets. A slow viewer is closed, never
 * waited for.
 */
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { type Config, isLoopback } from "./config.ts";
import { AppError } from "./errors.ts";
import type { EventLog, LogEntry } from "./event-log.ts";
import type { Live } from "./live.ts";
import { type PanelKey, parsePanelKey } from "./panels.ts";

export interface Viewer {
  format: "html" | "json";
  panels: PanelKey[];
  /** Last position that the viewer has; null: it has nothing. */
  since: number | null;
  epoch: string | null;
  address: string;
  /** JSON: the last event that was sent. */
  cursor: number;
  lastHeardAt: number;
}

type Socket = ServerWebSocket<Viewer>;

interface Drawing {
  key: PanelKey;
  html: string;
  seq: number;
}

export interface SocketsOptions {
  config: Config;
  log: EventLog;
  live: Live;
  publish: (topic: string, message: string) => void;
  now: () => number;
}

/**
 * Bytes that may wait for a viewer that does not read; then it is closed and comes back when it reads again. Half of
 * the 256 kB that one may cost: the buffer doubles as it grows.
 */
const BACKPRESSURE_BYTES = 128 * 1024;
/** A peer that is gone without a word is closed within 60 s: SILENT_MS and one round of pings. */
const PING_MS = 15_000;
const SILENT_MS = 40_000;
/** Viewers take silence of three of these for a dead connection. */
const TICK_MS = 5_000;
const TICK = "tick";
const BATCH = 200;
const MAX_PANELS = 40;
const GREETINGS_KEPT = 20;
const LISTS_KEPT = 500;
/** 1012, service restart: htmx reconnects after it. */
const RESTART = 1012;

export class Sockets {
  private readonly open = new Set<Socket>();
  /** Those of them that read events. */
  private readonly readers = new Set<Socket>();
  /** Lists of panels that were asked for, read once: viewers of one page share theirs. */
  private readonly lists = new Map<string, PanelKey[]>();
  private readonly byAddress = new Map<string, number>();
  /** The last greeting for each list of panels: after a restart thousands come for the same one. */
  private readonly greetings = new Map<string, { seqs: string; message: string }>();
  private readonly pinger: Timer;
  private readonly ticker: Timer;
  private readonly unsubscribe: () => void;
  private isPumpScheduled = false;

  constructor(private readonly options: SocketsOptions) {
    this.pinger = setInterval(() => this.closeSilent(), PING_MS);
    this.ticker = setInterval(() => options.publish(TICK, this.tickMessage()), TICK_MS);
    this.unsubscribe = options.log.subscribe(() => this.schedulePump());
  }

  get count(): number {
    return this.open.size;
  }

  /** What the query asks for. Throws AppError: `unavailable` at the caps, `invalid` for an unknown panel. */
  admit(url: URL, address: string): Viewer {
    const { config, log } = this.options;
    const isFull =
      this.open.size >= config.MAX_SOCKETS ||
      (!isLoopback(address) && (this.byAddress.get(address) ?? 0) >= config.MAX_SOCKETS_PER_ADDRESS);
    if (isFull) throw new AppError("unavailable", "All sockets are taken", { fix: "Poll /panels instead." });
    const query = url.searchParams;
    const since = query.get("since");
    return {
      format: query.get("format") === "json" ? "json" : "html",
      panels: this.panelsOf(query.get("panels") ?? ""),
      since: since !== null && /^\d{1,15}$/.test(since) ? Number(since) : null,
      epoch: query.get("epoch"),
      address,
      cursor: log.lastSeq,
      lastHeardAt: this.options.now(),
    };
  }

  private panelsOf(list: string): PanelKey[] {
    const known = this.lists.get(list);
    if (known) return known;
    const panels = readPanels(list);
    if (this.lists.size >= LISTS_KEPT) this.lists.clear();
    this.lists.set(list, panels);
    return panels;
  }

  /** The handlers for Bun.serve. */
  handlers(): WebSocketHandler<Viewer> {
    return {
      data: {} as Viewer,
      maxPayloadLength: 4096,
      idleTimeout: 120,
      sendPings: false,
      perMessageDeflate: false,
      backpressureLimit: BACKPRESSURE_BYTES,
      closeOnBackpressureLimit: true,
      open: (socket) => this.welcome(socket),
      message: (socket) => {
        socket.data.lastHeardAt = this.options.now();
      },
      pong: (socket) => {
        socket.data.lastHeardAt = this.options.now();
      },
      drain: (socket) => {
        if (socket.data.format === "json") this.schedulePump();
      },
      close: (socket) => this.leave(socket),
    };
  }

  /** Tells viewers to come back, then closes; whoever follows the log by a stream is ended too. */
  stop(): void {
    clearInterval(this.pinger);
    clearInterval(this.ticker);
    this.unsubscribe();
    this.options.log.close();
    for (const socket of this.open) socket.close(RESTART, "restart");
  }

  private tickMessage(): string {
    return JSON.stringify({ control: "tick", horizon: this.options.live.horizon() });
  }

  private welcome(socket: Socket): void {
    const { data } = socket;
    this.open.add(socket);
    this.byAddress.set(data.address, (this.byAddress.get(data.address) ?? 0) + 1);
    if (data.format === "json") this.welcomeReader(socket);
    else this.welcomeViewer(socket);
  }

  /** Subscribes and sends what the viewer has not seen, in one tick: nothing can happen between. */
  private welcomeViewer(socket: Socket): void {
    const { live, log } = this.options;
    const { panels, since, epoch } = socket.data;
    const isKnown = since !== null && epoch === log.epoch && since <= log.lastSeq;
    for (const key of panels) {
      live.watch(key);
      socket.subscribe(topicOf(key));
    }
    const missed = panels.filter((key) => !isKnown || live.isStaleSince(key, since));
    const drawings = missed.flatMap((key) => {
      const fragment = live.fragmentForViewers(key);
      return fragment ? [{ key, ...fragment }] : [];
    });
    socket.subscribe(TICK);
    socket.send(this.greeting(drawings, since !== null && !isKnown ? "truncated" : "whole"));
  }

  private greeting(drawings: Drawing[], kind: "whole" | "truncated"): string {
    const { log } = this.options;
    const list = `${kind},${drawings.map(({ key }) => key).join(",")}`;
    const seqs = `${log.lastSeq},${drawings.map(({ seq }) => seq).join(",")}`;
    const known = this.greetings.get(list);
    if (known?.seqs === seqs) return known.message;
    const message = helloMessage(log, { drawings, truncated: kind === "truncated" });
    if (this.greetings.size >= GREETINGS_KEPT) this.greetings.clear();
    this.greetings.set(list, { seqs, message });
    return message;
  }

  private welcomeReader(socket: Socket): void {
    const { log } = this.options;
    const { data } = socket;
    const from = log.resume(data.since ?? log.lastSeq, data.since === null ? null : data.epoch);
    data.cursor = from.since;
    const { truncated } = from;
    socket.send(JSON.stringify({ control: "hello", epoch: log.epoch, seq: log.lastSeq, truncated }));
    this.readers.add(socket);
    this.schedulePump();
  }

  private schedulePump(): void {
    if (this.isPumpScheduled) return;
    this.isPumpScheduled = true;
    setImmediate(() => {
      this.isPumpScheduled = false;
      this.pumpReaders();
    });
  }

  /**
   * One batch to each reader that is behind and whose buffer is empty; those that are not at the end then get the next
   * one, after whatever else waits. Readers at the same place share what is read. `drain` goes on with a slow one.
   */
  private pumpReaders(): void {
    const { log } = this.options;
    const batches = new Map<number, LogEntry[]>();
    let isBehind = false;
    for (const socket of this.readers) {
      const { cursor } = socket.data;
      if (cursor >= log.lastSeq || socket.getBufferedAmount() > 0) continue;
      const batch = batches.get(cursor) ?? log.entries(cursor, BATCH);
      batches.set(cursor, batch);
      isBehind = this.sendBatch(socket, batch) || isBehind;
    }
    if (isBehind) this.schedulePump();
  }

  /** True: it took all, and there is more. */
  private sendBatch(socket: Socket, batch: LogEntry[]): boolean {
    const { data } = socket;
    for (const { seq, json } of batch) {
      const sent = socket.send(json);
      if (sent === 0) return false;
      data.cursor = seq;
      if (sent < 0) return false;
    }
    return batch.length > 0 && data.cursor < this.options.log.lastSeq;
  }

  /** Asks each for a sign of life, and closes those that gave none for long. */
  closeSilent(): void {
    const silentSince = this.options.now() - SILENT_MS;
    for (const socket of this.open) {
      if (socket.data.lastHeardAt < silentSince) socket.terminate();
      else socket.ping();
    }
  }

  private leave(socket: Socket): void {
    if (!this.open.delete(socket)) return;
    this.readers.delete(socket);
    const { address, format, panels } = socket.data;
    const left = (this.byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.byAddress.set(address, left);
    else this.byAddress.delete(address);
    if (format === "html") for (const key of panels) this.options.live.unwatch(key);
  }
}

/** One message brings the viewer to the present: a cut in the middle of several could lose a panel. */
function helloMessage(
  log: EventLog,
  { drawings, truncated }: { drawings: Drawing[]; truncated: boolean },
): string {
  return JSON.stringify({
    control: "hello",
    epoch: log.epoch,
    seq: log.lastSeq,
    horizon: log.lastSeq,
    truncated,
    panels: Object.fromEntries(drawings.map(({ key, seq }) => [key, seq])),
    ...(drawings.length && { content: drawings.map(partial).join("") }),
  });
}

function partial({ key, html }: Drawing): string {
  return `<hx-partial hx-target='[id="${key}"]' hx-swap="outerMorph">${html}</hx-partial>`;
}

export function topicOf(key: PanelKey): string {
  return `panel:${key}`;
}

/** A drawing as htmx's ws extension reads it: `content` is swapped into `target`; the rest is for live.js. */
export function drawingMessage(
  epoch: string,
  drawing: { key: PanelKey; html: string; seq: number; horizon: number },
): string {
  const { key, html, seq, horizon } = drawing;
  return JSON.stringify({
    epoch,
    seq,
    horizon,
    panel: key,
    target: `[id="${key}"]`,
    swap: "outerMorph",
    content: html,
  });
}

function readPanels(list: string): PanelKey[] {
  const keys = [...new Set(list.split(",").filter(Boolean))];
  if (keys.length > MAX_PANELS) throw new AppError("invalid", `At most ${MAX_PANELS} panels a socket`);
  for (const key of keys) {
    if (!parsePanelKey(key))
      throw new AppError("invalid", `There is no panel ${JSON.stringify(key.slice(0, 60))}`);
  }
  return keys as PanelKey[];
}
