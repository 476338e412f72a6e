/**
 * Describes where a source's rows are. The request is split into what may be shown and what is secret: the whole is
 * stored encrypted, and only `shown` is ever returned.
 */
import * as z from "zod";
import { AppError } from "../../platform/errors.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";

export const SOURCE_KINDS = ["url", "s3", "query"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export const ROW_LIMIT = 1_000_000;
export const TIME_LIMIT_SECONDS = 300;

/** Header names and values that cannot change the request in other ways. */
const HEADERS = lazily(() =>
  z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,60}$/), z.string().regex(/^[\t\x20-\x7e]{0,4000}$/))
    .refine((headers) => Object.keys(headers).length <= 20, "at most 20 headers")
    .refine(
      (headers) =>
        !Object.keys(headers).some((name) =>
          /^(host|content-length|transfer-encoding|connection)$/i.test(name),
        ),
      "must not contain Host, Content-Length, Transfer-Encoding or Connection",
    ),
);

const PLACE = lazily(() => ({
  url: z
    .string()
    .min(1)
    .max(4000)
    .describe("https://…, s3://bucket/key, postgres://…, mysql://… or sqlite:///folder/file.db"),
  query: z.string().min(1).max(20_000).optional().describe("databases: one SELECT statement"),
  headers: HEADERS()
    .optional()
    .describe("URLs: headers to send, for example Authorization; never shown again"),
  password: z.string().max(1000).optional().describe("databases: instead of one in `url`; never shown again"),
  accessKeyId: z.string().max(200).optional().describe("S3; never shown again"),
  secretAccessKey: z.string().max(200).optional().describe("S3; never shown again"),
  region: z.string().max(60).optional().describe("S3; us-east-1 if left out"),
  endpoint: z.string().max(1000).optional().describe("S3: the server, if it is not Amazon's"),
  rowLimit: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe(`databases; ${ROW_LIMIT} if left out`),
  timeoutSeconds: z
    .number()
    .min(1)
    .max(3600)
    .optional()
    .describe(`time limit; ${TIME_LIMIT_SECONDS} if left out`),
}));

export const PLACE_REQUEST = lazily(() => z.strictObject(PLACE()));
export type Place = OutputOf<typeof PLACE_REQUEST>;

/** The body of `POST /api/sources`. */
export const SOURCE_REQUEST = lazily(() =>
  z.strictObject({
    name: z.string().trim().min(1).max(100).describe("also the name of its dataset"),
    ...PLACE(),
  }),
);
export type SourceRequest = OutputOf<typeof SOURCE_REQUEST>;

/** The body of `PATCH /api/sources/:id`: what is left out stays, secrets included. */
export const SOURCE_PATCH = lazily(() => SOURCE_REQUEST().partial());

/** The part of a place that everybody may see. */
export interface ShownPlace {
  kind: SourceKind;
  url: string;
  query: string | null;
  rowLimit: number | null;
  timeoutSeconds: number;
  /** Names of the stored secrets. */
  secrets: string[];
}

const DATABASES: Record<string, "postgres" | "mysql" | "sqlite"> = {
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mysql:": "mysql",
  "mariadb:": "mysql",
  "sqlite:": "sqlite",
};

export function kindOf(url: string): SourceKind {
  const protocol = URL.parse(url)?.protocol ?? "";
  if (protocol === "s3:") return "s3";
  return DATABASES[protocol] ? "query" : "url";
}

/** Throws AppError `invalid` for anything but http and https, and for a user or password in it. */
export function webAddress(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new AppError("invalid", "The address must begin with http:// or https://", {
      example: "https://example.com/sales.csv",
    });
  if (url.username || url.password)
    throw new AppError("invalid", "The address must not contain a user name or password", {
      fix: "Send them in `headers`, as Authorization.",
      example: '{"headers":{"Authorization":"Basic …"}}',
    });
  return url;
}

/** Throws AppError `invalid` if the parts do not fit together. */
export function checkPlace(place: Place): void {
  const kind = kindOf(place.url);
  if (kind === "url") webAddress(place.url);
  if (kind === "s3") objectOf(place);
  if (kind === "query") databaseOf(place);
  if (kind === "query" && !place.query)
    throw new AppError("invalid", "A database needs a query", {
      column: "query",
      fix: "Send the SELECT statement that returns the rows.",
      example: '{"query":"select * from sales"}',
    });
  if (kind !== "query" && place.query)
    throw new AppError("invalid", "Only a database takes a query", {
      column: "query",
      fix: "Leave `query` out.",
    });
}

export function tooSlow(ms: number): AppError {
  return new AppError("unavailable", `The source took longer than ${Math.round(ms / 1000)} s`, {
    fix: "Request less, or raise timeoutSeconds.",
  });
}

/** Parameters of an address that grant access. */
const SECRET_PARAMETER = /token|key|sig|secret|pass|auth|cred|code|session|jwt/i;

export function shownPlace(place: Place): ShownPlace {
  const kind = kindOf(place.url);
  const url = URL.parse(place.url);
  const secrets: string[] = [];
  if (url?.password) secrets.push("password");
  for (const name of ["headers", "password", "accessKeyId", "secretAccessKey"] as const)
    if (place[name] && !secrets.includes(name)) secrets.push(name);
  return {
    kind,
    url: url ? shownUrl(url) : "",
    query: place.query ?? null,
    rowLimit: kind === "query" ? (place.rowLimit ?? ROW_LIMIT) : null,
    timeoutSeconds: place.timeoutSeconds ?? TIME_LIMIT_SECONDS,
    secrets,
  };
}

/** Does it hold secrets, in its address too? */
export function hasSecrets(place: Place): boolean {
  const { secrets, url } = shownPlace(place);
  return secrets.length > 0 || url.includes("…");
}

/** Without password and fragment; values of parameters that look like secrets are left out. */
function shownUrl(given: URL): string {
  const url = new URL(given);
  url.password = "";
  url.hash = "";
  for (const name of [...url.searchParams.keys()])
    if (SECRET_PARAMETER.test(name)) url.searchParams.set(name, "…");
  return url.href.replaceAll("%E2%80%A6", "…");
}

/** Throws AppError `invalid`. */
export function objectOf({ url, endpoint, region }: Place) {
  const [, bucket, key] = /^s3:\/\/([^/?#@]+)\/([^?#]+)$/.exec(url) ?? [];
  if (!bucket || !key)
    throw new AppError("invalid", "The address of an object must contain its bucket and key", {
      column: "url",
      example: "s3://bucket/folder/sales.csv",
    });
  const server = endpoint ?? `https://s3.${region ?? "us-east-1"}.amazonaws.com`;
  webAddress(server);
  return { bucket, key, endpoint: server, region: region ?? "us-east-1" };
}

/** Throws AppError `invalid`. */
export function databaseOf({ url: text, password }: Place) {
  const url = URL.parse(text);
  const adapter = DATABASES[url?.protocol ?? ""];
  if (!url || !adapter)
    throw new AppError("invalid", "The address is not that of a database", {
      column: "url",
      example: "postgres://reader@db.example.com:5432/shop",
    });
  if (adapter === "sqlite") {
    const filename = decodeURIComponent(url.pathname);
    if (!filename.startsWith("/") || url.host)
      throw new AppError("invalid", "The address of a SQLite file must contain its full path", {
        column: "url",
        example: "sqlite:///srv/data/shop.db",
      });
    return { adapter, filename, host: "", port: 0, user: "", password: "", database: "", tls: "disable" };
  }
  const tls = url.searchParams.get("sslmode") ?? url.searchParams.get("ssl-mode") ?? "prefer";
  return {
    adapter,
    filename: "",
    host: url.hostname,
    port: Number(url.port) || (adapter === "postgres" ? 5432 : 3306),
    user: decodeURIComponent(url.username),
    password: password ?? decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    tls: tls.toLowerCase(),
  };
}

/** A table's name, with or without a schema's. */
export function isTableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,62}(?:\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/.test(text);
}
