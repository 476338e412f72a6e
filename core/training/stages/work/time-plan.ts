/**
 * Plans a run's time: what is still to be done, what each piece costs, and when it must be over. The race's end, the
 * share of every later piece and the time left are all derived from this one account, so they cannot disagree. It has no
 * clock of its own.
 */
import { STAGE_NAMES, STAGE_RECORDS, type StageName } from "../../../trainer/contract.ts";

export interface Cost {
  /** Milliseconds where time suffices. */
  usualMs: number;
  /** Milliseconds where it does not: what cannot be left out. */
  leastMs: number;
}

/** Pieces of a stage that are planned one by one, in order, with their shares of the stage's time before they are measured. */
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

/** What a piece was expected to take, and what it took. */
export interface Spent {
  piece: Piece;
  /** When the race was over, and when the piece began. */
  afterRaceMs: number;
  expectedMs: number;
  tookMs: number;
}

interface Planned extends Cost {
  piece: Piece;
  /** Of the race's time, until its cost is known. */
  share: number;
  isKnown: boolean;
}

const RACE = STAGE_NAMES.indexOf("Model selection");

/** The race leaves at most such a part of a run's time to each of: what judges the model, a refit. */
const MOST_JUDGED = 0.26;
const MOST_REFIT = 0.45;
/** Where reading took long, the race gets this part of what is left. */
const LEAST_RACED = 0.5;
/** Of the whole, while nothing says more. */
const USUAL_RACE = 0.75;
/** What takes longer than was expected will still take a little. */
const LEAST_LEFT = 0.1;
/** Below it a piece's pace says less than what was expected of it. */
const LEAST_DONE = 0.05;
/** This piece takes the time that the others leave of what was forecast when the race ended, between these shares of its own. */
const FILLER: Piece = "explanations";
const FILLED = { least: 0.3, most: 2 };

/** What was seen on calm machines counts as much as so many walks of this run. */
const WALKS_PER_MS = 35_000;
const WALKS_SEEN = 3e6;
const FADING = 0.9;

export interface PlanClock {
  /** Milliseconds since the run began. */
  elapsedMs: () => number;
  /** When all must be over, on that clock; Infinity where the time is not limited. */
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

  /** Trees walked in a millisecond, as answers of this run have shown. */
  get walksPerMs(): number {
    const { walks, ms } = this.walked;
    return (walks + WALKS_SEEN) / (ms + WALKS_SEEN / WALKS_PER_MS);
  }

  /** The run's likely length. */
  get wholeMs(): number {
    const known = this.race?.endMs;
    return known == null ? Math.min(this.clock.endMs(), Number.MAX_SAFE_INTEGER) : known / USUAL_RACE;
  }

  /** Answers have walked so many trees; what was seen last counts most. */
  sawWalks(walks: number, ms: number): void {
    const { walked } = this;
    this.walked = { walks: walked.walks * FADING + walks, ms: walked.ms * FADING + ms };
  }

  /** Says what a piece is expected to cost from now on. */
  expect(piece: Piece, cost: Cost): void {
    const planned = this.pieces[this.placeOf(piece)];
    if (planned) Object.assign(planned, cost, { isKnown: true });
  }

  /** A piece, or a stage with its first piece, begins; all before it are over. What is no piece is not planned. */
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

  /** What each piece was expected to take and took; the last is over. */
  account(): Spent[] {
    this.end();
    return this.spent;
  }

  private end(): void {
    const last = this.spent.at(-1);
    if (last) last.tookMs = this.now() - this.begunMs;
  }

  /** How much of the piece at work is done, 0..1. */
  advance(done: number): void {
    this.done = done;
  }

  beginRace(): void {
    const now = this.now();
    const leastEndMs = now + LEAST_RACED * (this.clock.endMs() - this.sum("leastMs") - now);
    this.race = { beganMs: now, leastEndMs, endMs: null };
  }

  /** When the race expects to end; null while it cannot tell. */
  raceEndsAt(endMs: number | null): void {
    this.race ??= { beganMs: this.now(), leastEndMs: Number.NEGATIVE_INFINITY, endMs: null };
    this.race.endMs = endMs;
  }

  /** The last moment for the race: what follows it then has its usual time, or its part of a short one. */
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
   * The last moment for a piece that is at work, or begins now. Where the time suffices for all that is left, whatever the later pieces
   * do not usually need; otherwise what cannot be left out, and its part of the rest.
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
    // Nobody waits for it longer than the run may take.
    return piece === "refit" ? Math.min(share, end - laterLeast) : share;
  }

  /** Milliseconds that a piece may take, if it begins now, before what follows it has less than it usually takes. */
  roomMs(piece: Piece): number {
    return this.latestMs(piece) - this.now();
  }

  /** Milliseconds that a later piece may take, if all others that are still to come take what they usually do. */
  spareMs(piece: Piece): number {
    const at = this.placeOf(piece);
    const others = this.pieces.filter((_, i) => i > this.at && i !== at);
    return this.clock.endMs() - this.now() - sumOf(others, this.neededOf);
  }

  /** The moment from which a piece takes time that later ones need, whatever its own cost. */
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

  /** What the whole run will still take, at this moment; null while nothing can be told. */
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
      // The further it is, the more its own pace counts.
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
