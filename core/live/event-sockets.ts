/**
 * Sends the event log to programs over a socket. Each reads events by its own cursor, one event per message; a slow one
 * is waited for on its own and never cut off, however long its replay takes.
 */
import type { ServerWebSocket } from "bun";
import type { EventLog, LogEntry } from "../events/event-log.ts";
import type { Privacy } from "../events/privacy.ts";
import type { Viewer } from "./viewer.ts";

type Socket = ServerWebSocket<Viewer>;

const BATCH = 200;
/** The delay after the log could not be read. */
const RETRY_MS = 1000;

export class EventSockets {
  private readonly open = new Set<Socket>();
  private readonly unsubscribe: () => void;
  private isPumpScheduled = false;
  /** Since the last round began. */
  private isAskedAgain = false;

  constructor(
    private readonly log: EventLog,
    private readonly privacy: Privacy,
    private readonly failed: (error: unknown) => void,
  ) {
    this.unsubscribe = log.subscribe(() => this.schedulePump());
  }

  stop(): void {
    this.unsubscribe();
  }

  /** Sends the log's position, then everything after `since`; null: only new events. */
  async welcome(
    socket: Socket,
    { since, epoch }: { since: number | null; epoch: string | null },
  ): Promise<void> {
    const { log } = this;
    const seq = log.lastSeq;
    const from = await log.resume(since ?? seq, since === null ? null : epoch);
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.data.cursor = from.since;
    const { truncated } = from;
    socket.send(JSON.stringify({ control: "hello", epoch: log.epoch, seq, truncated }));
    this.open.add(socket);
    this.schedulePump();
  }

  leave(socket: Socket): void {
    this.open.delete(socket);
  }

  /** Continues with readers that are behind, after other pending work. */
  schedulePump(): void {
    this.isAskedAgain = true;
    if (this.isPumpScheduled || !this.open.size) return;
    this.isPumpScheduled = true;
    setImmediate(() => void this.pumpOn());
  }

  private async pumpOn(): Promise<void> {
    this.isAskedAgain = false;
    let waitMs = 0;
    try {
      this.isAskedAgain = (await this.pump()) || this.isAskedAgain;
    } catch (error) {
      this.failed(error);
      this.isAskedAgain = true;
      waitMs = RETRY_MS;
    }
    this.isPumpScheduled = false;
    if (!this.isAskedAgain) return;
    if (waitMs) setTimeout(() => this.schedulePump(), waitMs);
    else this.schedulePump();
  }

  /**
   * Sends one batch to each reader that is behind and whose buffer is empty; those still behind get the next one later.
   * Readers at the same position share a read. `drain` continues with a slow one.
   */
  private async pump(): Promise<boolean> {
    const batches = new Map<number, LogEntry[]>();
    let isBehind = false;
    for (const socket of this.open) {
      const { cursor } = socket.data;
      if (cursor >= this.log.lastSeq || socket.getBufferedAmount() > 0) continue;
      const batch = batches.get(cursor) ?? (await this.log.entries(cursor, BATCH));
      batches.set(cursor, batch);
      // An item that just became private is known before its event is sent.
      if (this.privacy.settled !== null) await this.privacy.settled;
      // It may have disconnected while its batch was read.
      if (this.open.has(socket)) isBehind = this.sendBatch(socket, batch) || isBehind;
    }
    return isBehind;
  }

  /** True if it took everything and there is more. */
  private sendBatch(socket: Socket, batch: LogEntry[]): boolean {
    const { data } = socket;
    for (const entry of batch) {
      const { seq, json } = entry;
      if (!this.privacy.seesEntry(data.viewScope, entry)) {
        data.cursor = seq;
        continue;
      }
      const sent = socket.send(json);
      if (sent === 0) return false;
      data.cursor = seq;
      if (sent < 0) return false;
    }
    return batch.length > 0 && data.cursor < this.log.lastSeq;
  }
}
