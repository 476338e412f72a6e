/** Checks a user's import settings against the file. Unknown names are refused with a list of the known ones. */
import { AppError } from "../../platform/errors.ts";
import { COLUMN_TYPES, type ColumnPlan, type ColumnType, type ReadingChoices } from "../types.ts";
import { nearName, sameName } from "./near-name.ts";

const MAX_DELIMITER = 8;
const MAX_HEADER_ROW = 500;

/** Throws AppError `invalid` if a delimiter, quote or header row is impossible. */
export function checkReading({ delimiter, quote, header }: ReadingChoices): void {
  if (
    delimiter !== undefined &&
    (delimiter === "" || delimiter.length > MAX_DELIMITER || /[\r\n]/.test(delimiter))
  ) {
    throw new AppError("invalid", "The delimiter must be one to eight characters without a newline", {
      fix: "Choose the character that separates cells.",
      example: ";",
    });
  }
  if (quote !== undefined && (quote.length > 1 || /[^!-~]/.test(quote) || quote === delimiter)) {
    throw new AppError(
      "invalid",
      "The quote must be one visible ASCII character other than the delimiter, or none",
      {
        fix: "Choose the character that surrounds cells containing delimiters.",
        example: '"',
      },
    );
  }
  if (typeof header === "number" && !(Number.isInteger(header) && header >= 1 && header <= MAX_HEADER_ROW)) {
    throw new AppError("invalid", `Row ${header} cannot be the header`, {
      fix: `Choose a row from 1 to ${MAX_HEADER_ROW}, true for the first, or false for none.`,
      example: "1",
    });
  }
}

/** With each column called as the file writes it, whatever form its accents were sent in. */
export function namedChoices(choices: ReadingChoices, names: readonly string[]): ReadingChoices {
  const known = (name: string) => sameName(name, names);
  const keyed = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [known(name), value]));
  const { types, missing, drop, target } = choices;
  return {
    ...choices,
    ...(types && { types: keyed(types) }),
    ...(missing && { missing: keyed(missing) }),
    ...(drop && { drop: drop.map(known) }),
    ...(target && { target: known(target) }),
  };
}

/** Throws AppError `invalid` if a column or type does not exist. */
export function checkChoices(choices: ReadingChoices, names: readonly string[]): void {
  const asked = [
    ...Object.keys(choices.types ?? {}),
    ...Object.keys(choices.missing ?? {}),
    ...(choices.drop ?? []),
    ...(choices.target ? [choices.target] : []),
  ];
  for (const name of asked) if (!names.includes(name)) throw noSuchColumn(name, names);
  for (const [name, type] of Object.entries(choices.types ?? {})) {
    if (!COLUMN_TYPES.includes(type)) {
      throw new AppError("invalid", `The type ${type} does not exist`, {
        column: name,
        fix: `Choose one of ${COLUMN_TYPES.join(", ")}.`,
      });
    }
  }
  if (choices.target && choices.drop?.includes(choices.target)) {
    throw new AppError("invalid", `${choices.target} cannot be the target and be dropped`, {
      column: choices.target,
      fix: "Choose another target.",
    });
  }
}

/** The type that the user chose for a column; a column called `constructor` inherits none. */
export function chosenType(choices: ReadingChoices, name: string): ColumnType | undefined {
  return choices.types && Object.hasOwn(choices.types, name) ? choices.types[name] : undefined;
}

/** The words for missing that the user chose for a column. */
export function chosenMissing({ missing }: ReadingChoices, name: string): string[] | undefined {
  return missing && Object.hasOwn(missing, name) ? missing[name] : undefined;
}

function noSuchColumn(name: string, names: readonly string[]): AppError {
  const likely = nearName(name, names);
  return new AppError("invalid", `The column ${name} does not exist`, {
    column: name,
    fix: likely
      ? `Did you mean ${likely}?`
      : `The columns are ${names.slice(0, 20).join(", ")}${names.length > 20 ? " …" : ""}.`,
    example: likely ?? names[0],
  });
}

/** The plan's columns that are kept, each with its index in the file. */
export function keptColumns(plans: readonly ColumnPlan[], drop: readonly string[] | undefined): ColumnPlan[] {
  return plans.map((plan, index) => ({ ...plan, index })).filter(({ name }) => !drop?.includes(name));
}
