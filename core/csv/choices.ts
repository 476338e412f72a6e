/** Do a person's choices fit the file? Names that are not there are refused with those that are. */
import { AppError } from "../errors.ts";
import { COLUMN_TYPES, type ColumnPlan, type ColumnType, type ReadingChoices } from "./types.ts";

/** Throws AppError `invalid` for a column or a type that there is not. */
export function checkChoices(choices: ReadingChoices, names: readonly string[]): void {
  const asked = [
    ...Object.keys(choices.types ?? {}),
    ...(choices.drop ?? []),
    ...(choices.target ? [choices.target] : []),
  ];
  for (const name of asked) if (!names.includes(name)) throw noSuchColumn(name, names);
  for (const [name, type] of Object.entries(choices.types ?? {})) {
    if (!COLUMN_TYPES.includes(type)) {
      throw new AppError("invalid", `There is no type ${type}`, {
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

/** The type that a person chose for a column; a column called `constructor` has none by inheritance. */
export function chosenType(choices: ReadingChoices, name: string): ColumnType | undefined {
  return choices.types && Object.hasOwn(choices.types, name) ? choices.types[name] : undefined;
}

function noSuchColumn(name: string, names: readonly string[]): AppError {
  const likely = names.find((known) => known.toLowerCase() === name.trim().toLowerCase());
  return new AppError("invalid", `There is no column ${name}`, {
    column: name,
    fix: likely
      ? `Did you mean ${likely}?`
      : `The columns are ${names.slice(0, 20).join(", ")}${names.length > 20 ? " …" : ""}.`,
    example: likely ?? names[0],
  });
}

/** The plan's columns that are kept, each with its place in the file. */
export function keptColumns(plans: readonly ColumnPlan[], drop: readonly string[] | undefined): ColumnPlan[] {
  return plans.map((plan, index) => ({ ...plan, index })).filter(({ name }) => !drop?.includes(name));
}
