/**
 * Lists the sample files that the product can generate, from a seed: the same bytes each time; no real person is in
 * them.
 */
import { writeRow } from "../../csv/write.ts";
import { AppError } from "../../platform/errors.ts";
import { customer } from "./customers.ts";
import { type Draw, drawFrom } from "./draw.ts";
import { flat } from "./flats.ts";
import { ticket } from "./tickets.ts";

interface Generator {
  title: string;
  /** The question that a model trained on it answers. */
  says: string;
  target: string;
  rows: number;
  seed: number;
  row: (draw: Draw, index: number) => Record<string, string | number>;
}

const SAMPLES = {
  customers: {
    title: "Customers who leave",
    says: "Which customers of a phone company will leave?",
    target: "left",
    rows: 1800,
    seed: 11,
    row: customer,
  },
  tickets: {
    title: "Customer messages",
    says: "Which team should handle this message?",
    target: "team",
    rows: 1500,
    seed: 23,
    row: ticket,
  },
  flats: {
    title: "Rents in a town",
    says: "How much does a flat cost per month?",
    target: "monthly_rent",
    rows: 1600,
    seed: 37,
    row: flat,
  },
} satisfies Record<string, Generator>;

export type Sample = Pick<Generator, "title" | "says" | "target" | "rows"> & { name: string };

export const SAMPLE_LIST: readonly Sample[] = Object.entries(SAMPLES).map(
  ([name, { title, says, target, rows }]) => ({ name, title, says, target, rows }),
);

/** The sample as a CSV file. Throws AppError `missing`. */
export function sampleFile(name: string): { name: string; csv: string } {
  if (!Object.hasOwn(SAMPLES, name)) {
    throw new AppError("missing", `The sample ${name} does not exist`, {
      fix: `There are ${Object.keys(SAMPLES).join(", ")}.`,
    });
  }
  const { rows, seed, row } = SAMPLES[name as keyof typeof SAMPLES];
  const draw = drawFrom(seed);
  const made = Array.from({ length: rows }, (_, index) => row(draw, index));
  const table = [Object.keys(made[0]!), ...made.map((entry) => Object.values(entry))];
  return { name: `${name}.csv`, csv: table.map(writeRow).join("") };
}
