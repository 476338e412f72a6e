/**
 * When is a stale panel drawn, and who gets it? At once, then at most ten times a second, once for all viewers.
 * It knows no socket and no HTML: drawing and publishing are given to it. A panel that nobody watches is not drawn.
 */
import type { PanelKey } from "./panels.ts";

export const DRAW_INTERVAL_MS = 100;

export interface LiveClock {
  now: () => number;
  /** Calls back once after `ms`; 0 is "as soon as the current event has been handled". */
  after: (ms: number, callback: () => void) => void;
}

export interface LiveOptions {
  clock: LiveClock;
  /** The fragment as of now; null where the subject is gone. */
  draw: (key: PanelKey) => string | null;
  /** `seq`: the log position of this drawing. `horizon`: every watched panel is drawn for all events up to it. */
  publish: (drawing: { key: PanelKey; html: string; seq: number; horizon: number }) => void;
  lastSeq: () => number;
}

interface PanelState {
  /** First event since the last drawing; null: the drawing is fresh. */
  staleSince: number | null;
  lastStale: number;
  drawnAt: number;
}

export class Live {
  private readonly panels = new Map<PanelKey, PanelState>();
  private readonly watchers = new Map<PanelKey, number>();
  private scheduledFor = Number.POSITIVE_INFINITY;
  drawings = 0;

  constructor(
    private readonly options: LiveOptions,
    /** Events up to here happened before this process: what they made stale is not known. */
    private readonly knownSince = options.lastSeq(),
  ) {}

  watch(key: PanelKey): void {
    this.watchers.set(key, (this.watchers.get(key) ?? 0) + 1);
  }

  unwatch(key: PanelKey): void {
    const left = (this.watchers.get(key) ?? 1) - 1;
    if (left > 0) this.watchers.set(key, left);
    else this.watchers.delete(key);
  }

  markStale(seq: number, keys: PanelKey[]): void {
    for (const key of keys) {
      const state = this.state(key);
      state.lastStale = seq;
      if (!this.watchers.has(key)) continue;
      state.staleSince ??= seq;
      this.schedule(Math.max(0, state.drawnAt + DRAW_INTERVAL_MS - this.options.clock.now()));
    }
  }

  /** Did the panel turn stale after `since`? Yes where that is not known. */
  isStaleSince(key: PanelKey, since: number): boolean {
    return since < this.knownSince || this.lastStaleOf(key) > since;
  }

  /** Every drawing for events up to this number has been published. */
  horizon(): number {
    let horizon = this.options.lastSeq();
    for (const { staleSince } of this.panels.values()) {
      if (staleSince !== null && staleSince - 1 < horizon) horizon = staleSince - 1;
    }
    return horizon;
  }

  private lastStaleOf(key: PanelKey): number {
    return this.panels.get(key)?.lastStale ?? 0;
  }

  private state(key: PanelKey): PanelState {
    let state = this.panels.get(key);
    if (!state) {
      state = { staleSince: null, lastStale: 0, drawnAt: Number.NEGATIVE_INFINITY };
      this.panels.set(key, state);
    }
    return state;
  }

  private schedule(delayMs: number): void {
    const due = this.options.clock.now() + delayMs;
    if (due >= this.scheduledFor) return;
    this.scheduledFor = due;
    this.options.clock.after(delayMs, () => this.tick());
  }

  private tick(): void {
    this.scheduledFor = Number.POSITIVE_INFINITY;
    const now = this.options.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, state] of this.panels) {
      if (state.staleSince === null) continue;
      const due = state.drawnAt + DRAW_INTERVAL_MS;
      if (due <= now) this.drawPanel(key, state, now);
      else next = Math.min(next, due);
    }
    if (next < Number.POSITIVE_INFINITY) this.schedule(next - now);
  }

  private drawPanel(key: PanelKey, state: PanelState, now: number): void {
    state.staleSince = null;
    state.drawnAt = now;
    if (!this.watchers.has(key)) return;
    const html = this.options.draw(key);
    this.drawings += 1;
    if (html !== null) {
      this.options.publish({ key, html, seq: this.options.lastSeq(), horizon: this.horizon() });
    }
  }
}
