/**
 * Plans a run's time: what is still to be done, what each piece costs, and when it must end. The race's end, the share
 * of every later piece and the time left all come from this one plan, so they cannot disagree. It has no clock of its
 * own.
 */
import { STAGE_NAMES, STAGE_RECORDS, type StageName } from "../../../trainer/contract.ts";

export interface Cost {
  /** Milliseconds if there is enough time. */
  usualMs: number;
  /** Milliseconds if there is not: what cannot be skipped. */
  leastMs: number;
}

/**
 * Pieces of a stage that are planned separately, in order, with their shares of the stage's time before they are
 * measured.
 */
const PARTS = {
  "Performance evaluation": {
    answers: 0.1,
    intervals: 0.1,
    comparison: 0,
    importance: 0.45,
    effects: 0.3,
    dataCurve: 0,
    summary: 0.05,
  },
  Finalizing: { refit: 0, explanations: 0, saving: 1 },
} as const satisfies Partial<Record<StageName, Record<string, number>>>;

type PartOf<Stage> = Stage extends keyof typeof PARTS ? keyof (typeof PARTS)[Stage] : never;
export type Piece = StageName | PartOf<StageName>;

/** A piece's expected and actual duration. */
export interface Spent {
  piece: Piece;
  /** When the race ended, and when the piece began. */
  afterRaceMs: number;
  expectedMs: number;
  tookMs: number;
}

interface Planned extends Cost {
  piece: Piece;
  /** Share of the race's time, until its cost is known. */
  share: number;
  isKnown: boolean;
}

const RACE = STAGE_NAMES.indexOf("Model selection");

/** The race leaves at most this share of a run's time to each: the evaluation, and a refit. */
const MOST_JUDGED = 0.26;
const MOST_REFIT = 0.45;
/** If reading took long, the race gets this share of what is left. */
const LEAST_RACED = 0.5;
/** Share of the whole, while nothing better is known. */
const USUAL_RACE = 0.75;
/** A piece that takes longer than expected will still take a little. */
const LEAST_LEFT = 0.1;
/** Below this a piece's pace says less than its expected cost. */
const LEAST_DONE = 0.05;
/** This piece takes the time that the others leave of what was forecast when the race ended, between these shares of its own. */
const FILLER: Piece = "explanations";
const FILLED = { least: 0.3, most: 2 };

/** Measurements on idle machines count as much as this many walks of this run. */
const WALKS_PER_MS = 35_000;
const WALKS_SEEN = 3e6;
const FADING = 0.9;

export interface PlanClock {
  /** Milliseconds since the run began. */
  elapsedMs: () => number;
  /** When everything must be done, on that clock; Infinity if the time is not limited. */
  endMs: () => number;
}

export class TimePlan {
  private walked = { walks: 0, ms: 0 };
  private readonly pieces: Planned[];
  private at = -1;
  private begunMs = 0;
  private done = 0;
  private readonly spent: Spent[] = [];
  private afterRaceMs: number[] = [];
  private race: { beganMs: number; leastEndMs: number; endMs: number | null } | null = null;
  /** When all was to be over, as forecast at the end of the race. */
  private forecastMs: number | null = null;

  constructor(private readonly clock: PlanClock) {
    this.pieces = STAGE_RECORDS.slice(RACE + 1).flatMap(({ name, afterSelection }) =>
      Object.entries(partsOf(name)).map(([piece, share]) => ({
        ...{ piece: piece as Piece, share: share * afterSelection, isKnown: false },
        ...{ usualMs: 0, leastMs: 0 },
      })),
    );
  }

  /** Trees walked per millisecond, as this run's predictions have shown. */
  get walksPerMs(): number {
    const { walks, ms } = this.walked;
    return (walks + WALKS_SEEN) / (ms + WALKS_SEEN / WALKS_PER_MS);
  }

  /** The run's likely length. */
  get wholeMs(): number {
    const known = this.race?.endMs;
    return known == null ? Math.min(this.clock.endMs(), Number.MAX_SAFE_INTEGER) : known / USUAL_RACE;
  }

  /** Records that predictions walked this many trees; recent measurements count most. */
  sawWalks(walks: number, ms: number): void {
    const { walked } = this;
    this.walked = { walks: walked.walks * FADING + walks, ms: walked.ms * FADING + ms };
  }

  /** Sets a piece's expected cost from now on. */
  expect(piece: Piece, cost: Cost): void {
    const planned = this.pieces[this.placeOf(piece)];
    if (planned) Object.assign(planned, cost, { isKnown: true });
  }

  /** Starts a piece, or a stage with its first piece; all before it are done. Unknown names are not planned. */
  begin(piece: Piece): void {
    const at = this.placeOf(piece);
    if (at < 0 || at === this.at) return;
    if (this.race) this.race.endMs = Math.min(this.race.endMs ?? Number.POSITIVE_INFINITY, this.now());
    this.end();
    this.at = at;
    this.begunMs = this.now();
    this.done = 0;
    if (this.afterRaceMs.length === 0) this.afterRaceMs = this.pieces.map(this.usualOf);
    this.forecastMs ??= Math.min(this.clock.endMs(), this.now() + sumOf(this.pieces, this.usualOf));
    const { piece: name } = this.pieces[at];
    const expectedMs = this.usualOf(this.pieces[at]);
    this.spent.push({ piece: name, afterRaceMs: this.afterRaceMs[at], expectedMs, tookMs: 0 });
  }

  /** Each piece's expected and actual duration; ends the last. */
  account(): Spent[] {
    this.end();
    return this.spent;
  }

  private end(): void {
    const last = this.spent.at(-1);
    if (last) last.tookMs = this.now() - this.begunMs;
  }

  /** Progress of the current piece, 0..1. */
  advance(done: number): void {
    this.done = done;
  }

  beginRace(): void {
    const now = this.now();
    const leastEndMs = now + LEAST_RACED * (this.clock.endMs() - this.sum("leastMs") - now);
    this.race = { beganMs: now, leastEndMs, endMs: null };
  }

  /** When the race expects to end; null while unknown. */
  raceEndsAt(endMs: number | null): void {
    this.race ??= { beganMs: this.now(), leastEndMs: Number.NEGATIVE_INFINITY, endMs: null };
    this.race.endMs = endMs;
  }

  /** The latest end for the race: what follows it then has its usual time, or its share of a short one. */
  raceDeadlineMs(): number {
    const end = this.clock.endMs();
    if (!Number.isFinite(end)) return end;
    const refit = this.pieces.filter(({ piece }) => piece === "refit");
    const judged = this.pieces.filter(({ piece }) => piece !== "refit");
    const reserved =
      Math.max(sumOf(judged, this.leastOf), Math.min(MOST_JUDGED * end, sumOf(judged, this.usualOf))) +
      Math.min(MOST_REFIT * end, sumOf(refit, this.usualOf));
    return Math.max(end - reserved, this.race?.leastEndMs ?? 0);
  }

  /**
   * The latest end for a piece that is running or starts now. If there is enough time for everything left: whatever
   * later pieces do not usually need; otherwise what cannot be skipped, and its share of the rest.
   */
  deadlineMs(piece: Piece): number {
    const end = this.clock.endMs();
    const at = this.placeOf(piece);
    const planned = this.pieces[at];
    const begun = at === this.at ? this.begunMs : this.now();
    if (!planned || !Number.isFinite(end)) return end;
    const later = this.pieces.slice(at + 1);
    const [least, usual] = [this.leastOf(planned), this.usualOf(planned)];
    const latest = end - sumOf(later, this.neededOf);
    if (begun + usual <= latest) return latest;
    const laterLeast = sumOf(later, this.leastOf);
    const wanted = usual - least + sumOf(later, this.usualOf) - laterLeast;
    const spare = Math.max(0, end - begun - least - laterLeast);
    const share = begun + least + (wanted > 0 ? Math.min(1, spare / wanted) : 0) * (usual - least);
    // It never gets longer than the run may take.
    return piece === "refit" ? Math.min(share, end - laterLeast) : share;
  }

  /** Milliseconds that a piece may take, if it starts now, before later ones get less than usual. */
  roomMs(piece: Piece): number {
    return this.latestMs(piece) - this.now();
  }

  /** Milliseconds that a later piece may take, if all others still to come take their usual time. */
  spareMs(piece: Piece): number {
    const at = this.placeOf(piece);
    const others = this.pieces.filter((_, i) => i > this.at && i !== at);
    return this.clock.endMs() - this.now() - sumOf(others, this.neededOf);
  }

  /** From this moment on a piece takes time that later ones need, whatever its own cost. */
  latestMs(piece: Piece): number {
    return this.clock.endMs() - sumOf(this.pieces.slice(this.placeOf(piece) + 1), this.neededOf);
  }

  /** When the piece that fills the time is over, if it begins now. */
  fillUntilMs(): number {
    const end = this.clock.endMs();
    if (!Number.isFinite(end)) return end;
    const later = sumOf(this.pieces.slice(this.placeOf(FILLER) + 1), this.usualOf);
    return Math.min(end - later, this.now() + this.filledMs(later));
  }

  /** What the filling piece takes, where all others still need `othersMs`. */
  private filledMs(othersMs: number): number {
    const usual = this.usualOf(this.pieces[this.placeOf(FILLER)]);
    if (this.forecastMs === null) return usual;
    const wanted = this.forecastMs - this.now() - othersMs;
    return Math.max(FILLED.least * usual, Math.min(FILLED.most * usual, wanted));
  }

  /** What the whole run will still take at this moment; null while unknown. */
  leftMs(): number | null {
    if (!this.race || this.race.endMs === null) return null;
    const now = this.now();
    const later = this.pieces.slice(Math.max(0, this.at + 1));
    const own = this.at < 0 ? Math.max(0, this.race.endMs - now) : this.ownLeft(now);
    const others = own + sumOf(later, this.usualOf);
    const filler = later.find(({ piece }) => piece === FILLER);
    const left = filler
      ? others - this.usualOf(filler) + this.filledMs(others - this.usualOf(filler))
      : others;
    return Math.min(left, Math.max(LEAST_LEFT * left, this.clock.endMs() - now));
  }

  private ownLeft(now: number): number {
    const expected = this.usualOf(this.pieces[this.at]);
    const spent = now - this.begunMs;
    if (this.done >= LEAST_DONE) {
      // The further a piece is, the more its own pace counts.
      const byPace = (spent * (1 - this.done)) / this.done;
      return this.done * byPace + (1 - this.done) * Math.max(LEAST_LEFT * expected, expected - spent);
    }
    return Math.max(LEAST_LEFT * expected, expected - spent);
  }

  private readonly usualOf = ({ isKnown, usualMs, share }: Planned): number =>
    isKnown ? usualMs : share * this.raceMs();

  /** What no other piece may take from it. */
  private readonly neededOf = (planned: Planned): number =>
    (planned.piece === FILLER ? FILLED.least : 1) * this.usualOf(planned);

  private readonly leastOf = ({ leastMs }: Planned): number => leastMs;

  private raceMs(): number {
    if (this.race && this.race.endMs !== null) return this.race.endMs - this.race.beganMs;
    const end = this.clock.endMs();
    return Number.isFinite(end) ? USUAL_RACE * end : 0;
  }

  private sum(key: "usualMs" | "leastMs"): number {
    return this.pieces.reduce((total, planned) => total + planned[key], 0);
  }

  private placeOf(piece: Piece): number {
    const names = Object.keys(partsOf(piece));
    return this.pieces.findIndex((planned) => planned.piece === names[0]);
  }

  private now(): number {
    return this.clock.elapsedMs();
  }
}

/** The pieces of a stage; a stage that has none is one, and a piece is itself. */
function partsOf(piece: Piece): Record<string, number> {
  return piece in PARTS ? PARTS[piece as keyof typeof PARTS] : { [piece]: 1 };
}

const sumOf = (planned: readonly Planned[], cost: (one: Planned) => number): number =>
  planned.reduce((sum, one) => sum + cost(one), 0);
