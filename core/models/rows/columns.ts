/**
 * Finds the column of a model that a name means: by the exact name, else ignoring spelling differences if only one
 * fits.
 */
import { nearName } from "../../csv/dialect/near-name.ts";
import type { Model } from "../../trainer/model/model.ts";

const MOST_REMEMBERED = 1000;

/** The names of one model's columns. */
export class ColumnNames {
  /** The index of each column among the plans. */
  readonly places: ReadonlyMap<string, number>;
  private readonly spelled: ReadonlyMap<string, number>;
  /** Columns of the file that the model learned nothing from. */
  private readonly unused: ReadonlySet<string>;
  private readonly found = new Map<string, number>();
  private readonly unknown = new Map<string, string>();

  constructor({ plans, target, reading }: Pick<Model, "plans" | "target" | "reading">) {
    this.places = new Map(plans.map(({ name }, place) => [name, place]));
    this.unused = new Set([target, ...(reading?.names ?? [])].map(spelling));
    const spelled = new Map<string, number>();
    for (const [name, place] of this.places)
      spelled.set(spelling(name), spelled.has(spelling(name)) ? -1 : place);
    this.spelled = spelled;
  }

  /** -1 if the model has none with that name. */
  placeOf(name: string): number {
    const exact = this.places.get(name);
    if (exact !== undefined) return exact;
    let place = this.found.get(name);
    if (place === undefined) {
      place = this.spelled.get(spelling(name)) ?? -1;
      if (this.found.size < MOST_REMEMBERED) this.found.set(name, place);
    }
    return place;
  }

  /** The warning for a name that the model does not have. */
  unknownMessage(name: string): string {
    let message = this.unknown.get(name);
    if (message === undefined) {
      const near = nearName(name, this.places.keys());
      message = `is not a column of this model and was ignored${near === null ? "" : `. Did you mean ${near}?`}`;
      if (this.unknown.size < MOST_REMEMBERED) this.unknown.set(name, message);
    }
    return message;
  }

  /** A column of the file that training saw and left out. */
  isUnused(name: string): boolean {
    return this.unused.has(spelling(name));
  }
}

/** Without case, surrounding spaces and the Unicode form of accents. */
function spelling(name: string): string {
  return name.trim().normalize("NFC").toLowerCase();
}
