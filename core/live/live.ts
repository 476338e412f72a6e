/**
 * Decides when a stale panel is redrawn: at once, then at most ten times a second, once for all viewers. Panels that
 * change often are drawn together, so that they are sent together. It knows no sockets and no HTML: drawing
 * and publishing are passed in. A panel that nobody watches is not drawn.
 */
import type { PanelKey } from "../events/panel-names.ts";
import { type DrawingKey, partsOf } from "./audiences.ts";

export const DRAW_INTERVAL_MS = 100;
/** A late timer must not delay the next drawing. */
const LATE_MS = 10;

export interface LiveClock {
  now: () => number;
  /** Calls back once after `ms`; 0: right after the current event. */
  after: (ms: number, callback: () => void) => void;
}

export const WALL_CLOCK: LiveClock = {
  now: () => performance.now(),
  after: (ms, tick) => (ms > 0 ? setTimeout(tick, ms) : setImmediate(tick)),
};

export interface LiveOptions {
  clock: LiveClock;
  /** The fragment as it is now or later; null if its subject was deleted. */
  draw: (key: DrawingKey) => string | null | Promise<string | null>;
  /** What was drawn at one moment. `watermark`: every watched panel is drawn for all events up to it. */
  publish: (drawings: Drawing[], watermark: number) => void;
  /** A panel could not be drawn: a defect, reported once per drawing. */
  failed: (key: DrawingKey, error: unknown) => void;
  lastSeq: () => number;
}

/** A drawing and the log position that it shows; the same for every viewer, page and embed. */
export interface Fragment {
  html: string;
  seq: number;
}

/** A fragment to send to viewers; `html` null: its subject was deleted. */
export interface Drawing {
  key: DrawingKey;
  html: string | null;
  seq: number;
}

/** `html` null: its subject was deleted. */
type Drawn = Omit<Drawing, "key">;

interface PanelState {
  lastStale: number;
  drawnAt: number;
  fragment: Fragment | null;
  /** The drawing in progress, and the position that it will show at least. */
  underWay: { seq: number; drawn: Promise<Drawn> } | null;
  /** Position of the drawing that viewers received last. */
  publishedSeq: number;
}

/** Drawings of subjects that nobody watches are kept up to this number. */
const PANELS_KEPT = 500;

export class Live {
  private readonly panels = new Map<DrawingKey, PanelState>();
  private readonly watchers = new Map<DrawingKey, number>();
  /** Of each panel the drawings for some that are watched. */
  private readonly variants = new Map<PanelKey, Set<DrawingKey>>();
  /** Watched panels waiting to be drawn, with the first event since the last drawing, and when they are due. */
  private readonly waiting = new Map<DrawingKey, { seq: number; dueAt: number }>();
  /** Watched panels whose drawing is not published yet, with the first event that it shows. */
  private readonly unpublished = new Map<DrawingKey, number>();
  private scheduledFor = Number.POSITIVE_INFINITY;
  drawings = 0;

  constructor(
    private readonly options: LiveOptions,
    /** Events up to here happened before this process, or were forgotten: which panels they made stale is unknown. */
    private knownSince = options.lastSeq(),
  ) {}

  /**
   * The current panel, drawn only if something has changed since; null if its subject was deleted. Throws what
   * drawing throws.
   */
  async fragment(key: DrawingKey): Promise<Fragment | null> {
    const { html, seq } = await this.drawn(key);
    return html === null ? null : { html, seq };
  }

  /** As `fragment`, for several panels: one that cannot be drawn does not block the others. */
  async drawingsOf(keys: readonly DrawingKey[]): Promise<Drawing[]> {
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

  /** One drawing of a panel at a time; a request during an older one waits for the next. */
  private async drawn(key: DrawingKey): Promise<Drawn> {
    const state = this.state(key);
    const wanted = this.lastStaleOf(key);
    for (;;) {
      if (state.fragment && state.fragment.seq >= wanted) return state.fragment;
      const { underWay } = state;
      if (!underWay) return this.draw(key, state);
      if (underWay.seq >= wanted) return underWay.drawn;
      await underWay.drawn.catch(() => {
        // The caller gets the error.
      });
    }
  }

  private async draw(key: DrawingKey, state: PanelState): Promise<Drawn> {
    this.drawings += 1;
    // Taken before the state is read: the drawing is then at least as new as its position.
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

  private async drawAt(key: DrawingKey, seq: number): Promise<Drawn> {
    return { html: await this.options.draw(key), seq };
  }

  watch(drawing: DrawingKey): void {
    this.watchers.set(drawing, (this.watchers.get(drawing) ?? 0) + 1);
    const { key } = partsOf(drawing);
    if (key !== drawing) this.variants.getOrInsertComputed(key, () => new Set()).add(drawing);
  }

  unwatch(drawing: DrawingKey): void {
    const left = (this.watchers.get(drawing) ?? 1) - 1;
    if (left > 0) {
      this.watchers.set(drawing, left);
      return;
    }
    this.watchers.delete(drawing);
    const { key } = partsOf(drawing);
    const others = this.variants.get(key);
    if (others?.delete(drawing) && !others.size) this.variants.delete(key);
  }

  markStale(seq: number, keys: PanelKey[]): void {
    for (const key of keys) {
      this.state(key).lastStale = seq;
      this.redrawSoon(key, seq);
      for (const variant of this.variants.get(key) ?? []) this.redrawSoon(variant, seq);
    }
  }

  private redrawSoon(key: DrawingKey, seq: number): void {
    if (!this.watchers.has(key) || this.waiting.has(key)) return;
    const dueAt = nextMoment(this.state(key).drawnAt, this.options.clock.now());
    this.waiting.set(key, { seq, dueAt });
    this.schedule(dueAt);
  }

  /** Whether the panel became stale after `since`; true if that is unknown. */
  isStaleSince(key: DrawingKey, since: number): boolean {
    return since < this.knownSince || this.lastStaleOf(key) > since;
  }

  /** Every drawing for events up to this number has been published. */
  watermark(): number {
    let watermark = this.options.lastSeq();
    for (const { seq } of this.waiting.values()) watermark = Math.min(watermark, seq - 1);
    for (const seq of this.unpublished.values()) watermark = Math.min(watermark, seq - 1);
    return watermark;
  }

  /** Stale is a panel, for whomever it is drawn. */
  private lastStaleOf(drawing: DrawingKey): number {
    return this.panels.get(partsOf(drawing).key)?.lastStale ?? 0;
  }

  private state(key: DrawingKey): PanelState {
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

  /** Drops the oldest unwatched panel; its staleness is then unknown. */
  private forgetOther(newest: DrawingKey): void {
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
    const due: DrawingKey[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { dueAt }] of this.waiting) {
      if (dueAt > now) next = Math.min(next, dueAt);
      // One that is not published yet keeps waiting for `publish`.
      else if (!this.unpublished.has(key)) due.push(key);
    }
    if (due.length) void this.drawTogether(due, now);
    if (next < Number.POSITIVE_INFINITY) this.schedule(next);
  }

  /** Never rejects: failures go to `failed`. */
  private async drawTogether(due: readonly DrawingKey[], now: number): Promise<void> {
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

/** Now, if the last drawing is long enough ago; else at the next tenth of a second, the same for all panels. */
function nextMoment(drawnAt: number, now: number): number {
  const earliest = drawnAt + DRAW_INTERVAL_MS;
  if (earliest <= now) return now;
  return Math.ceil((earliest - LATE_MS) / DRAW_INTERVAL_MS) * DRAW_INTERVAL_MS;
}
