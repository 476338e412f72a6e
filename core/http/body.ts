/** Reads a JSON body: only as application/json, limited in size, checked by zod, with the place of a mistake. */
import * as z from "zod";
import { AppError } from "../platform/errors.ts";

const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** The content type without its parameters; "" if there is none. */
export function mediaType(request: Request): string {
  const type = request.headers.get("content-type") ?? "";
  return type === "application/json" ? type : type.split(";")[0]!.trim().toLowerCase();
}

/** `seen` gets the value before it is checked. Throws AppError: media_type, too_large, syntax. */
export async function readJson<S extends z.ZodType>(
  request: Request,
  schema: S,
  seen: (value: unknown) => void = () => {},
): Promise<z.output<S>> {
  const type = mediaType(request);
  if (type !== "application/json") {
    throw new AppError(
      "media_type",
      type
        ? `This route takes application/json, not ${type}`
        : "This route takes application/json, and the request has no content type",
      { fix: "Send JSON with the header content-type: application/json." },
    );
  }
  const text = await readText(request);
  const value = parseJson(text);
  seen(value);
  return checked(value, schema);
}

/** Throws AppError too_large. */
export async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_JSON_BYTES) throw tooLarge();
  const text = await request.text();
  if (text.length > MAX_JSON_BYTES) throw tooLarge();
  return text;
}

/** Throws AppError `syntax`, naming the field. */
export function checked<S extends z.ZodType>(value: unknown, schema: S): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.join(".");
  const message = field ? `${field}: ${sentence(issue)}` : sentence(issue);
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  throw new AppError("syntax", message, {
    ...(field && { column: field }),
    fix: issue.code === "unrecognized_keys" && !field ? wordFor(issue.keys[0]!, known) : SEE_DOCS,
  });
}

const KINDS: Record<string, string> = {
  ...{ number: "a number", int: "a whole number", string: "text", boolean: "true or false" },
  ...{ array: "a list", object: "an object" },
};

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  const isMissing = issue.message.endsWith("received undefined");
  return `${isMissing ? "is missing; it " : ""}must be ${KINDS[issue.expected] ?? issue.expected}`;
}

const SEE_DOCS = "See /docs for what this route takes.";

function wordFor(unknown: string, known: readonly string[]): string {
  if (!known.length) return SEE_DOCS;
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");
  const asked = plain(unknown);
  const likely = known.find((name) => plain(name).startsWith(asked) || asked.startsWith(plain(name)));
  return asked && likely ? `Did you mean ${likely}?` : `This route takes ${known.join(", ")}.`;
}

/** Integers beyond 2^53 become texts: as numbers they would change. Throws AppError syntax. */
export function parseJson(text: string): unknown {
  try {
    return LONG_DIGITS.test(text) && LONG_WHOLE.test(text) ? JSON.parse(text, exactly) : JSON.parse(text);
  } catch (error) {
    throw new AppError("syntax", `The body is not JSON: ${error instanceof Error ? error.message : error}`, {
      fix: "Use double quotes around names and strings, and no trailing comma.",
    });
  }
}

const LONG_DIGITS = /\d{16}/;
/** Not the end of a fraction. */
const LONG_WHOLE = /[:,[\s]-?\d{16,}\s*(?:[,\]}]|$)/;

function exactly(_: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? "";
  const isInexact = typeof value === "number" && !Number.isSafeInteger(value);
  return isInexact && /^-?\d+$/.test(source) ? source : value;
}

function tooLarge(): AppError {
  return new AppError("too_large", "The JSON body is larger than 16 MB", {
    fix: "Send fewer rows at a time, or predict from text/csv, which streams.",
  });
}
