/**
 * Decides when a stale panel is redrawn. At once, then at most ten times a second, once for all viewers; panels that
 * change often are drawn at the same moments, so that they go out together. It knows no socket and no HTML: drawing
 * and publishing are given to it. A panel that nobody watches is not drawn.
 */
import type { PanelKey } from "../events/panel-names.ts";

export const DRAW_INTERVAL_MS = 100;
/** A timer that came late must not cost the panel its next moment. */
const LATE_MS = 10;

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
  /** The fragment as of now, or later; null where the subject is gone. */
  draw: (key: PanelKey) => string | null | Promise<string | null>;
  /** What was drawn at one moment. `watermark`: every watched panel is drawn for all events up to it. */
  publish: (drawings: Drawing[], watermark: number) => void;
  /** A panel could not be drawn for its viewers: a defect, told once for each drawing. */
  failed: (key: PanelKey, error: unknown) => void;
  lastSeq: () => number;
}

/** A drawing and the log position that it shows; the same for every viewer, page and embed. */
export interface Fragment {
  html: string;
  seq: number;
}

/** A fragment on its way to viewers; `html` null: its subject is gone. */
export interface Drawing {
  key: PanelKey;
  html: string | null;
  seq: number;
}

/** `html` null: its subject is gone. */
type Drawn = Omit<Drawing, "key">;

interface PanelState {
  lastStale: number;
  drawnAt: number;
  fragment: Fragment | null;
  /** The one that is being drawn, and the position that it will at least show. */
  underWay: { seq: number; drawn: Promise<Drawn> } | null;
  /** Position of what viewers were sent last. */
  publishedSeq: number;
}

/** Drawings of subjects that nobody watches are kept up to this number. */
const PANELS_KEPT = 500;

export class Live {
  private readonly panels = new Map<PanelKey, PanelState>();
  private readonly watchers = new Map<PanelKey, number>();
  /** Watched panels that wait for their drawing, with the first event since the last one, and when they are due. */
  private readonly waiting = new Map<PanelKey, { seq: number; dueAt: number }>();
  /** Watched panels whose drawing is not published yet, with the first event that it answers. */
  private readonly unpublished = new Map<PanelKey, number>();
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
  async fragment(key: PanelKey): Promise<Fragment | null> {
    const { html, seq } = await this.drawn(key);
    return html === null ? null : { html, seq };
  }

  /** As `fragment`, for viewers: panels that cannot be drawn must not keep the others from them. */
  async drawingsOf(keys: readonly PanelKey[]): Promise<Drawing[]> {
    const drawings = keys.map(async (key): Promise<Drawing[]> => {
      try {
        return [{ key, ...(await this.drawn(key)) }];
      } catch (error) {
        this.options.failed(key, error);
        return [];
      }
    });
    return (await Promise.all(drawings)).flat();
  }

  /** One drawing of a panel at a time; who asks while an older one is under way waits for the next. */
  private async drawn(key: PanelKey): Promise<Drawn> {
    const state = this.state(key);
    const wanted = state.lastStale;
    for (;;) {
      if (state.fragment && state.fragment.seq >= wanted) return state.fragment;
      const { underWay } = state;
      if (!underWay) return this.draw(key, state);
      if (underWay.seq >= wanted) return underWay.drawn;
      await underWay.drawn.catch(() => {
        // Told to whoever asked for it.
      });
    }
  }

  private async draw(key: PanelKey, state: PanelState): Promise<Drawn> {
    this.drawings += 1;
    // Before the state is read: what is drawn is then at least as new as its position.
    const seq = this.options.lastSeq();
    const drawn = this.drawAt(key, seq);
    state.underWay = { seq, drawn };
    try {
      const { html } = await drawn;
      state.fragment = html === null ? null : { html, seq };
      return { html, seq };
    } finally {
      state.underWay = null;
    }
  }

  private async drawAt(key: PanelKey, seq: number): Promise<Drawn> {
    return { html: await this.options.draw(key), seq };
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
      if (this.waiting.has(key)) continue;
      const dueAt = nextMoment(state.drawnAt, this.options.clock.now());
      this.waiting.set(key, { seq, dueAt });
      this.schedule(dueAt);
    }
  }

  /** Did the panel turn stale after `since`? Yes where that is not known. */
  isStaleSince(key: PanelKey, since: number): boolean {
    return since < this.knownSince || this.lastStaleOf(key) > since;
  }

  /** Every drawing for events up to this number has been published. */
  watermark(): number {
    let watermark = this.options.lastSeq();
    for (const { seq } of this.waiting.values()) watermark = Math.min(watermark, seq - 1);
    for (const seq of this.unpublished.values()) watermark = Math.min(watermark, seq - 1);
    return watermark;
  }

  private lastStaleOf(key: PanelKey): number {
    return this.panels.get(key)?.lastStale ?? 0;
  }

  private state(key: PanelKey): PanelState {
    let state = this.panels.get(key);
    if (!state) {
      state = {
        lastStale: 0,
        drawnAt: Number.NEGATIVE_INFINITY,
        fragment: null,
        underWay: null,
        publishedSeq: 0,
      };
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

  private schedule(dueAt: number): void {
    if (dueAt >= this.scheduledFor) return;
    this.scheduledFor = dueAt;
    this.options.clock.after(Math.max(0, dueAt - this.options.clock.now()), () => this.tick());
  }

  private tick(): void {
    this.scheduledFor = Number.POSITIVE_INFINITY;
    const now = this.options.clock.now();
    const due: PanelKey[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { dueAt }] of this.waiting) {
      if (dueAt > now) next = Math.min(next, dueAt);
      // One that is not published yet goes on waiting: `publish` looks for it.
      else if (!this.unpublished.has(key)) due.push(key);
    }
    if (due.length) void this.drawTogether(due, now);
    if (next < Number.POSITIVE_INFINITY) this.schedule(next);
  }

  /** Never rejects: what cannot be drawn is told to `failed`. */
  private async drawTogether(due: readonly PanelKey[], now: number): Promise<void> {
    const keys = due.filter((key) => this.watchers.has(key));
    for (const key of keys) {
      this.unpublished.set(key, this.waiting.get(key)!.seq);
      this.state(key).drawnAt = now;
    }
    for (const key of due) this.waiting.delete(key);
    const drawings = await this.drawingsOf(keys);
    for (const key of keys) this.unpublished.delete(key);
    const newer = drawings.filter(({ key, seq }) => seq >= this.state(key).publishedSeq);
    for (const { key, seq } of newer) this.state(key).publishedSeq = seq;
    if (newer.length) this.options.publish(newer, this.watermark());
    for (const key of keys) {
      const again = this.waiting.get(key);
      if (again) this.schedule(again.dueAt);
    }
  }
}

/** At once where the last drawing is long enough ago; else the next tenth of a second, the same for all panels. */
function nextMoment(drawnAt: number, now: number): number {
  const earliest = drawnAt + DRAW_INTERVAL_MS;
  if (earliest <= now) return now;
  return Math.ceil((earliest - LATE_MS) / DRAW_INTERVAL_MS) * DRAW_INTERVAL_MS;
}
