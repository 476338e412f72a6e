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

export const WALL_CLOCK: LiveClock = {
  now: () => performance.now(),
  after: (ms, tick) => (ms > 0 ? setTimeout(tick, ms) : setImmediate(tick)),
};

export interface LiveOptions {
  clock: LiveClock;
  /** The fragment as of now; null where the subject is gone. */
  draw: (key: PanelKey) => string | null;
  /** `seq`: the log position of this drawing. `horizon`: every watched panel is drawn for all events up to it. */
  publish: (drawing: { key: PanelKey; html: string; seq: number; horizon: number }) => void;
  /** A panel could not be drawn for its viewers: a defect, told once for each drawing. */
  failed: (key: PanelKey, error: unknown) => void;
  lastSeq: () => number;
}

/** A drawing and the log position that it shows; the same for every viewer, page and embed. */
export interface Fragment {
  html: string;
  seq: number;
}

interface PanelState {
  lastStale: number;
  drawnAt: number;
  fragment: Fragment | null;
}

/** Drawings of subjects that nobody watches are kept up to this number. */
const PANELS_KEPT = 500;

export class Live {
  private readonly panels = new Map<PanelKey, PanelState>();
  private readonly watchers = new Map<PanelKey, number>();
  /** Watched panels that wait for their drawing, with the first event since the last one. */
  private readonly staleSince = new Map<PanelKey, number>();
  private scheduledFor = Number.POSITIVE_INFINITY;
  drawings = 0;

  constructor(
    private readonly options: LiveOptions,
    /** Events up to here happened before this process, or were forgotten: what they made stale is not known. */
    private knownSince = options.lastSeq(),
  ) {}

  /**
   * The panel as of now, drawn only if something has happened to it since; null where its subject is gone. Throws what
   * drawing throws.
   */
  fragment(key: PanelKey): Fragment | null {
    const state = this.state(key);
    if (state.fragment && state.fragment.seq >= state.lastStale) return state.fragment;
    const html = this.options.draw(key);
    this.drawings += 1;
    state.fragment = html === null ? null : { html, seq: this.options.lastSeq() };
    return state.fragment;
  }

  /** As `fragment`, for viewers: one panel that cannot be drawn must not keep the others from them. */
  fragmentForViewers(key: PanelKey): Fragment | null {
    try {
      return this.fragment(key);
    } catch (error) {
      this.options.failed(key, error);
      return null;
    }
  }

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
      if (!this.staleSince.has(key)) this.staleSince.set(key, seq);
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
    for (const seq of this.staleSince.values()) horizon = Math.min(horizon, seq - 1);
    return horizon;
  }

  private lastStaleOf(key: PanelKey): number {
    return this.panels.get(key)?.lastStale ?? 0;
  }

  private state(key: PanelKey): PanelState {
    let state = this.panels.get(key);
    if (!state) {
      state = { lastStale: 0, drawnAt: Number.NEGATIVE_INFINITY, fragment: null };
      this.panels.set(key, state);
      if (this.panels.size > PANELS_KEPT) this.forgetOther(key);
    }
    return state;
  }

  /** Drops the oldest panel that nobody watches; from then on, "not known" covers what it knew. */
  private forgetOther(newest: PanelKey): void {
    for (const [key, state] of this.panels) {
      if (key === newest || this.watchers.has(key)) continue;
      this.panels.delete(key);
      this.knownSince = Math.max(this.knownSince, state.lastStale);
      return;
    }
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
    for (const key of [...this.staleSince.keys()]) {
      const state = this.state(key);
      const due = state.drawnAt + DRAW_INTERVAL_MS;
      if (due <= now) this.drawPanel(key, state, now);
      else next = Math.min(next, due);
    }
    if (next < Number.POSITIVE_INFINITY) this.schedule(next - now);
  }

  private drawPanel(key: PanelKey, state: PanelState, now: number): void {
    this.staleSince.delete(key);
    state.drawnAt = now;
    if (!this.watchers.has(key)) return;
    const fragment = this.fragmentForViewers(key);
    if (fragment) this.options.publish({ key, ...fragment, horizon: this.horizon() });
  }
}
