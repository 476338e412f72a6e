/**
 * Collects the columns of JSON objects. Nested objects become columns with dotted names; lists are left out and
 * reported.
 */
import { AppError } from "../../../platform/errors.ts";
import type { Finding, StoredKind } from "../../types.ts";
import type { Cell } from "../table-file.ts";

export const MAX_COLUMNS = 20_000;
/** Names of nested fields contain those of all fields around them. */
const MAX_NAME_CHARACTERS = 4000;
const SEEN = { number: 1, string: 2, boolean: 4 } as const;

export class Records {
  readonly names: string[] = [];
  /** Types seen in each column, one bit per type. */
  private readonly seen: number[] = [];
  private readonly places = new Map<string, number>();
  private readonly lists = new Set<string>();
  /** Names that two fields of one object have, as {"a": {"b": 1}, "a.b": 2}. */
  private readonly doubled = new Set<string>();

  /** Returns the object's cells by column and adds new columns. Throws AppError `invalid` for too many columns. */
  cellsOf(record: object): Cell[] {
    const cells: Cell[] = new Array<Cell>(this.names.length);
    this.gather(record, "", cells);
    return cells;
  }

  private gather(record: object, prefix: string, cells: Cell[]): void {
    for (const [key, value] of Object.entries(record)) {
      const name = prefix + key;
      if (name.length > MAX_NAME_CHARACTERS) throw longName(name);
      if (Array.isArray(value)) this.leaveOut(name);
      else if (typeof value === "object" && value !== null) this.gather(value, `${name}.`, cells);
      else {
        const place = this.placeOf(name, value);
        if (cells[place] !== undefined) this.doubled.add(name);
        cells[place] = value as Cell;
      }
    }
  }

  private leaveOut(name: string): void {
    if (this.lists.size >= MAX_COLUMNS && !this.lists.has(name)) throw tooManyFields();
    this.lists.add(name);
  }

  private placeOf(name: string, value: unknown): number {
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.names.push(name) - 1;
      if (place >= MAX_COLUMNS) throw tooManyFields();
      this.places.set(name, place);
      this.seen.push(0);
    }
    const type = typeof value;
    if (type === "number" || type === "bigint") this.seen[place] |= SEEN.number;
    else if (type === "string") this.seen[place] |= SEEN.string;
    else if (type === "boolean") this.seen[place] |= SEEN.boolean;
    return place;
  }

  kinds(): (StoredKind | null)[] {
    const kinds: Record<number, StoredKind> = {
      [SEEN.number]: "number",
      [SEEN.string]: "string",
      [SEEN.boolean]: "boolean",
    };
    return this.seen.map((bits) => kinds[bits] ?? null);
  }

  findings(): Finding[] {
    const warning = (code: string, column: string, message: string): Finding => ({
      ...{ code, severity: "warning", column, message, fix: null },
    });
    return [
      ...[...this.lists].map((name) =>
        warning(
          "nested_column",
          name,
          `${name} contains lists instead of single values, so it was left out.`,
        ),
      ),
      ...[...this.doubled].map((name) =>
        warning(
          "doubled_field",
          name,
          `Two fields of one object are called ${name}; the later one was read.`,
        ),
      ),
    ];
  }
}

function longName(name: string): AppError {
  return new AppError("invalid", `A field's name is longer than ${MAX_NAME_CHARACTERS} characters`, {
    near: name.slice(0, 80),
    fix: "Write one object per row, with short names and few levels.",
  });
}

function tooManyFields(): AppError {
  return new AppError("invalid", `The objects have more than ${MAX_COLUMNS} different fields`, {
    fix: "Write one object per row, each with the same fields.",
  });
}
