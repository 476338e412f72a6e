/** Makes zod schemas of the record of expert settings: of JSON for the API, of text for queries, forms and the command line. */
import * as z from "zod";
import { lazily } from "../../platform/zod-setup.ts";
import type { ExpertChoices } from "../../trainer/contract.ts";
import { LEARNER_WORDS } from "../../trainer/learners/catalogue.ts";
import { EXPERT_NAMES, EXPERT_SETTINGS, type ExpertName, expertHelp, type Takes } from "./expert.ts";

type Shape = { [Name in ExpertName]: z.ZodOptional<z.ZodType<NonNullable<ExpertChoices[Name]>>> };

const VALUES = lazily(() => z.record(z.string(), z.number()));

/** Of NAME=VALUE settings, what JSON holds. */
const PAIRS = lazily(() => ({
  classWeights: z.union([z.literal("balanced"), z.record(z.string(), z.number().min(0).max(1e9))]),
  monotone: z.record(z.string(), z.union([z.literal(1), z.literal(0), z.literal(-1)])),
  parameters: z.record(z.string(), z.union([z.number(), VALUES()])),
}));

function jsonSchema(takes: Takes): z.ZodType {
  if (takes.kind === "number") {
    const number = takes.isWhole ? z.int() : z.number();
    return number.min(takes.min).max(takes.max);
  }
  if (takes.kind === "switch") return z.boolean();
  if (takes.kind === "choice") return z.enum(takes.values.map(({ value }) => value));
  if (takes.kind === "learners") return z.array(z.enum(LEARNER_WORDS)).min(1);
  if (takes.kind === "pairs") return PAIRS()[takes.of];
  return z.string().min(1);
}

const shapeOf = (schema: (takes: Takes) => z.ZodType): Shape =>
  Object.fromEntries(
    EXPERT_NAMES.map((name) => [
      name,
      schema(EXPERT_SETTINGS[name].takes).optional().describe(expertHelp(name)),
    ]),
  ) as unknown as Shape;

/** As JSON has them. */
export const EXPERT_SHAPE = lazily(() => shapeOf(jsonSchema));

/** As text has them; the checks are those of JSON. */
export const EXPERT_TEXT_SHAPE = lazily(() =>
  shapeOf((takes) =>
    z
      .string()
      .transform((text, context): unknown => {
        const read = readText(text.trim(), takes);
        if (read !== undefined) return read;
        context.addIssue({ code: "custom", message: mustBe(takes) });
        return z.NEVER;
      })
      .pipe(jsonSchema(takes)),
  ),
);

/** Undefined: it cannot be read so. */
function readText(text: string, takes: Takes): unknown {
  if (takes.kind === "number") return text === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
  if (takes.kind === "switch") return ({ true: true, "1": true, false: false, "0": false } as const)[text];
  if (takes.kind === "learners") return text.split(",").map((word) => word.trim());
  if (takes.kind !== "pairs") return text;
  if (text.startsWith("{")) return readJson(text);
  return takes.of === "classWeights" && text === "balanced" ? text : readPairs(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `a=1,b=2`; a name may hold an equals sign, `learner.name=3` is of one learner. */
function readPairs(text: string): unknown {
  const pairs = new Map<string, unknown>();
  for (const part of text.split(",")) {
    const at = part.lastIndexOf("=");
    const value = Number(part.slice(at + 1));
    if (at < 1 || part.slice(at + 1).trim() === "" || Number.isNaN(value)) return undefined;
    const name = part.slice(0, at).trim();
    const dot = name.indexOf(".");
    const learner = name.slice(0, dot);
    if (dot < 1 || !LEARNER_WORDS.includes(learner)) {
      pairs.set(name, value);
      continue;
    }
    const known = pairs.get(learner);
    pairs.set(learner, { ...(typeof known === "object" ? known : {}), [name.slice(dot + 1)]: value });
  }
  return Object.fromEntries(pairs);
}

function mustBe(takes: Takes): string {
  if (takes.kind === "number") return "must be a number";
  if (takes.kind === "switch") return "must be true or false";
  return takes.kind === "pairs" ? `must be like ${takes.example}, or JSON` : "must be text";
}
