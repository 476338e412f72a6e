/**
 * Sends the event log to programs over a socket. Each pulls events by its own cursor, one a message; a slow one is
 * waited for by itself and never cut, however long its replay.
 */
import type { ServerWebSocket } from "bun";
import type { EventLog, LogEntry } from "../events/event-log.ts";
import type { Viewer } from "./viewer.ts";

type Socket = ServerWebSocket<Viewer>;

const BATCH = 200;

export class EventSockets {
  private readonly open = new Set<Socket>();
  private readonly unsubscribe: () => void;
  private isPumpScheduled = false;

  constructor(private readonly log: EventLog) {
    this.unsubscribe = log.subscribe(() => this.schedulePump());
  }

  stop(): void {
    this.unsubscribe();
  }

  /** Says where the log stands, then sends what came after `since`; null: from now on. */
  welcome(socket: Socket, { since, epoch }: { since: number | null; epoch: string | null }): void {
    const { log } = this;
    const from = log.resume(since ?? log.lastSeq, since === null ? null : epoch);
    socket.data.cursor = from.since;
    const { truncated } = from;
    socket.send(JSON.stringify({ control: "hello", epoch: log.epoch, seq: log.lastSeq, truncated }));
    this.open.add(socket);
    this.schedulePump();
  }

  leave(socket: Socket): void {
    this.open.delete(socket);
  }

  /** Goes on with those that are behind, after whatever else waits. */
  schedulePump(): void {
    if (this.isPumpScheduled || !this.open.size) return;
    this.isPumpScheduled = true;
    setImmediate(() => {
      this.isPumpScheduled = false;
      this.pump();
    });
  }

  /**
   * One batch to each reader that is behind and whose buffer is empty; those that are not at the end then get the next
   * one. Readers at the same place share what is read. `drain` goes on with a slow one.
   */
  private pump(): void {
    const batches = new Map<number, LogEntry[]>();
    let isBehind = false;
    for (const socket of this.open) {
      const { cursor } = socket.data;
      if (cursor >= this.log.lastSeq || socket.getBufferedAmount() > 0) continue;
      const batch = batches.get(cursor) ?? this.log.entries(cursor, BATCH);
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
    return batch.length > 0 && data.cursor < this.log.lastSeq;
  }
}
