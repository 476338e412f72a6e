/** Defines a chaos rig: one kind of harm, done many times, each counted under its result. */

export interface RigOptions {
  /** As in `bun run test`: a few points of each kind. */
  isShort: boolean;
  /** Every point, however long it takes. */
  isAll: boolean;
  isSoak: boolean;
  /** How many of the rig `cluster`; null: its own number. */
  faults: number | null;
  viewers: number | null;
  /** Runs `work` for each point, a few at a time, until the rig's time is over. */
  each<T>(points: readonly T[], work: (point: T) => Promise<void>): Promise<void>;
  /** Milliseconds that the rig still has. */
  left(): number;
}

export interface Rig {
  name: string;
  says: string;
  /** Its share of the time: about the seconds that it takes on a busy machine. What it leaves is for those after it. */
  weight: number;
  /** Programs without which it cannot run. */
  needs: string[];
  run(options: RigOptions, table: Table): Promise<void>;
}

/** Outcomes in capitals are defects. */
export class Tally {
  readonly counts = new Map<string, number>();
  readonly defects: string[] = [];

  add(outcome: string, detail: string): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
    if (outcome === outcome.toUpperCase()) this.defects.push(`${outcome} ${detail}`);
  }
}

export class Table {
  readonly rows = new Map<string, Tally>();

  row(name: string): Tally {
    const known = this.rows.get(name) ?? new Tally();
    this.rows.set(name, known);
    return known;
  }

  get defects(): string[] {
    return [...this.rows].flatMap(([name, tally]) => tally.defects.map((defect) => `${name}: ${defect}`));
  }

  print(rig: Rig, seconds: number): void {
    console.log(`\n${rig.name}: ${rig.says} (${seconds.toFixed(0)} s)`);
    for (const [name, { counts }] of this.rows) {
      const outcomes = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
      console.log(`  ${name.padEnd(44)} ${outcomes}`);
    }
    for (const defect of this.defects.slice(0, 20)) console.log(`  ! ${defect.slice(0, 600)}`);
  }
}

/** `size` of 1 … `of`, spread evenly, ends included. */
export function sampled(of: number, size: number): number[] {
  if (size >= of) return Array.from({ length: of }, (_, k) => k + 1);
  return Array.from({ length: size }, (_, k) => 1 + Math.round((k * (of - 1)) / Math.max(1, size - 1)));
}

/** All lists as one, each spread over the whole, so that a rig that runs out of time has tried some of every one. */
export function spread<T>(lists: readonly T[][]): T[] {
  return lists
    .flatMap((list) => list.map((point, k) => ({ point, place: ((k * 0.618034) % 1) + 1e-6 * k })))
    .sort((a, b) => a.place - b.place)
    .map(({ point }) => point);
}
