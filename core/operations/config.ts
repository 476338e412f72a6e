/**
 * Every setting, one entry each. Checks, defaults, --help and what can be changed at run time derive from this record.
 * It reads nothing but the environment and the files that hold secrets.
 */
import "../platform/zod-setup.ts";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { EVENT_NAMES } from "../events/events.ts";
import { GAUGE_NAMES, GAUGES, type GaugeSetting, gaugeSetting } from "./gauges.ts";
import { isLoopback, isNetwork } from "./networks.ts";
import { CLUSTER_SETTINGS } from "./schema/cluster.ts";
import { changeable, list, number, type Setting, secret, setting, text, whole } from "./schema/kinds.ts";
import { PROVIDER_SETTINGS, type ProviderConfig, readProviders } from "./schema/providers.ts";

export { isLoopback } from "./networks.ts";
export type { Setting, SettingGroup } from "./schema/kinds.ts";
export type { ProviderConfig } from "./schema/providers.ts";

/** Requests per minute of each kind, unless its setting says otherwise. */
export const RATES = { "sign-in": 10, upload: 60, train: 30, predict: 12_000, socket: 600 } as const;
export type RateClass = keyof typeof RATES;

/** A mistake in the environment; the process prints its one line and exits with 2. */
export class ConfigError extends Error {}

const header = () => z.string().regex(/^[A-Za-z0-9-]*$/, "must be a header's name, without underscores");

/** Warning and critical, as "80,95". */
const thresholds = () =>
  z.string().refine((value) => {
    const [warning, critical, ...rest] = value.split(",").map(Number);
    return warning! > 0 && critical! > warning! && rest.length === 0;
  }, "must be two increasing numbers, for example 80,95");
/** They become part of a header: only origins are accepted. */
const origins = () =>
  list()
    .transform((values) => values.map((value) => value.replace(/\/$/, "")))
    .pipe(
      z.array(
        z.string().regex(/^(\*|https?:\/\/(\*\.)?[\w.-]+(:\d+)?)$/i, "must look like https://portal.example"),
      ),
    );

/**
 * A name (also below *.), an address or a network, each except networks with or without a port; a folder; or everything
 * public.
 */
const REACHABLE =
  /^(?:\*|\/[^\s,]*|(?:\*\.)?[a-z0-9_](?:[\w.-]*\w)?(?::\d{1,5})?|[\d.]+\/\d{1,2}|[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d{1,3})?|\[[0-9a-f:.]+\](?::\d{1,5})?)$/i;

/** Requests per minute. Unset: this many for clients from the network, no limit for this machine's own. */
const rate = (perMinute: number, what: string) =>
  setting(
    z.literal("").or(whole(0, 1e9)),
    "",
    `${what} per minute for each token, person or address; 0: unlimited (${perMinute}, loopback unlimited)`,
  );

/** One per gauge, from its record. */
function gaugeSettings() {
  const entries = GAUGE_NAMES.map((name) => {
    const { thresholds: fallback, says } = GAUGES[name];
    return [
      gaugeSetting(name),
      changeable("thresholds", thresholds(), fallback.join(","), `${says}: warning, critical`),
    ] as const;
  });
  return Object.fromEntries(entries) as Record<GaugeSetting, (typeof entries)[number][1]>;
}

/** Name in the environment -> check, default as text, one sentence. */
export const SETTINGS = {
  PORT: setting(whole(0, 65535), "8000", "port to listen on; 0 chooses a free one"),
  HOST: setting(
    text(),
    "127.0.0.1",
    "address to listen on; anything but loopback needs AUTH, or ALLOW_ANONYMOUS=1",
  ),
  DATA_DIR: setting(
    text(),
    "./data",
    "folder of the database, datasets and models; created at the first start",
  ),
  ...CLUSTER_SETTINGS,
  BASE_PATH: setting(
    z.string().regex(/^(\/[\w.-]+)*$/, "must look like /tools/signalbox"),
    "",
    "path prefix behind a proxy that keeps or strips it, for example /tools/signalbox",
  ),
  PUBLIC_URL: setting(
    z.union([z.literal(""), z.url()]),
    "",
    "the URL that people open, if a proxy is in front",
  ),
  ALLOWED_HOSTS: setting(list(), "", "additional host names that requests may use, separated by commas"),
  AUTH: setting(
    z.enum(["none", "token", "proxy"]),
    "none",
    "how people sign in: none (everybody has access, so listen on loopback), token (API tokens), or proxy (a reverse " +
      "proxy identifies them)",
  ),
  ALLOW_ANONYMOUS: setting(z.enum(["0", "1"]), "0", "1 allows a non-loopback HOST with AUTH=none"),
  ADMIN_TOKEN: secret(
    text(),
    "AUTH=token: the first admin's token; if unset, one is created and printed at the first start",
  ),
  ...PROVIDER_SETTINGS,
  TRUSTED_PROXIES: setting(
    list().pipe(
      z.array(z.string().refine(isNetwork, "must be addresses or networks, for example 10.0.0.0/8")),
    ),
    "",
    "proxies whose X-Forwarded-For, X-Forwarded-Proto and identity headers are trusted: addresses or CIDR networks",
  ),
  TRUSTED_AUTH_HEADER: setting(header(), "X-Forwarded-User", "AUTH=proxy: the header with the user's name"),
  TRUSTED_AUTH_SECRET: secret(
    text(),
    "AUTH=proxy: the secret that the proxy must send in the header TRUSTED_SECRET_HEADER",
  ),
  TRUSTED_SECRET_HEADER: setting(header(), "X-Trusted-Auth-Secret", "AUTH=proxy: the header with the secret"),
  TRUSTED_ROLE_HEADER: setting(
    header(),
    "",
    "AUTH=proxy: the header with the role (viewer, trainer or admin); the proxy must set or remove it on every request",
  ),
  TRUSTED_DEFAULT_ROLE: setting(
    z.enum(["none", "viewer", "trainer", "admin"]),
    "viewer",
    "AUTH=proxy: the role of users without one; none refuses them",
  ),
  TRUSTED_TRAINERS: setting(list(), "", "AUTH=proxy: names of users with the role trainer"),
  TRUSTED_ADMINS: setting(list(), "", "AUTH=proxy: names of users with the role admin"),
  CORS_ORIGINS: setting(
    list().pipe(
      z.array(z.string().refine(isOrigin, "must be origins, for example https://portal.example, or *")),
    ),
    "",
    "origins whose pages may call the API; * allows every page, without cookies",
  ),
  EMBED_SECRET: secret(
    text(),
    "signs the links of embedded panels; if unset, one is created and stored in DATA_DIR",
  ),
  RATE_SIGN_IN: rate(RATES["sign-in"], "failed sign-ins"),
  RATE_UPLOAD: rate(RATES.upload, "uploads"),
  RATE_TRAIN: rate(RATES.train, "trainings"),
  RATE_PREDICT: rate(RATES.predict, "prediction requests"),
  RATE_SOCKET: rate(RATES.socket, "sockets opened"),
  AUDIT_DAYS: setting(number(0.01, 36_500), "365", "days that the audit log is stored"),
  EMBED_ORIGINS: changeable(
    "embedding",
    origins(),
    "",
    "origins whose pages may show /embed/:panel in a frame",
  ),
  MAX_UPLOAD_MB: setting(number(0.001, 1e6), "1024", "largest upload, in megabytes"),
  TRAIN_BUDGET_SECONDS: setting(number(1, 86_400), "60", "default time limit of a training, in seconds"),
  TRAIN_CONCURRENCY: setting(
    whole(0, 64),
    "1",
    "trainings that run at the same time; 0 leaves them, and the reading of files, to workers",
  ),
  TRAIN_MEMORY_MB: setting(
    whole(0, 1e7),
    "0",
    "memory limit of one training, in megabytes; 0: three quarters of the machine's memory",
  ),
  READ_SECONDS: setting(
    number(0.01, 86_400),
    "1800",
    "time limit of reading one file, in seconds; a file that takes longer is refused",
  ),
  RESUME: setting(
    z.enum(["0", "1"]),
    "1",
    "1 resumes trainings that a shutdown or a crash interrupted when the server starts; 0 leaves them stopped",
  ),
  MAX_SOCKETS: setting(whole(1, 1e6), "10000", "open sockets in total"),
  MAX_SOCKETS_PER_ADDRESS: setting(whole(1, 1e6), "1000", "open sockets per address; loopback has no limit"),
  METRICS_SECONDS: setting(number(0.1, 3600), "5", "seconds between samples of the gauges"),
  ...gaugeSettings(),
  RETENTION_DAYS: changeable(
    "retention",
    number(0.01, 36_500),
    "30",
    "days that events are stored; figures over time are stored for 400 days",
  ),
  PREDICTION_LOG: changeable(
    "retention",
    z.enum(["full", "sampled", "off"]),
    "full",
    "which predictions are stored with their rows, so that outcomes can be reported for them",
  ),
  PREDICTION_SAMPLE: changeable(
    "retention",
    number(0.0001, 1),
    "0.1",
    "share of predictions that is stored with PREDICTION_LOG=sampled",
  ),
  PREDICTION_LOG_DAYS: changeable(
    "retention",
    number(0.01, 36_500),
    "30",
    "days that predictions and outcomes are stored",
  ),
  PREDICTION_LOG_MB: changeable(
    "retention",
    number(1, 1e6),
    "500",
    "megabytes of predictions that are stored; the oldest are deleted first",
  ),
  SOURCE_HOSTS: changeable(
    "sources",
    list().pipe(
      z.array(z.string().regex(REACHABLE, "must be hosts, networks or folders, for example db.example.com")),
    ),
    "",
    "hosts that sources and schedules may connect to: names (data.example.com, *.example.com, db.example.com:5432), " +
      "internal addresses or networks (10.0.0.0/8), folders of SQLite files (/srv/data), or * for every public host",
  ),
  SOURCE_CA: setting(
    z.string(),
    "",
    "file of certificates (PEM) of authorities that sources and schedules trust beside the usual ones",
  ),
  SECRET_KEY: secret(
    z.union([z.literal(""), z.string().min(16)]),
    "encrypts the stored credentials of sources, schedules and alerts; the same on every host",
  ),
  SMTP_URL: secret(
    z.union([
      z.literal(""),
      z.string().regex(/^smtps?:\/\/\S+$/, "must look like smtp://user:password@mail.example.com:587"),
    ]),
    "mail server for alerts, for example smtp://user:password@mail.example.com:587",
  ),
  MAIL_FROM: setting(text(), "Signalbox <signalbox@localhost>", "sender address of mails"),
  WEBHOOK_URL: changeable(
    "alerts",
    z.union([z.literal(""), z.url({ protocol: /^https?$/ })]),
    "",
    "URL that events are posted to; add more as webhooks",
  ),
  WEBHOOK_TYPES: changeable(
    "alerts",
    list().pipe(z.array(z.enum(EVENT_NAMES, "must be event types, for example run.finished"))),
    "",
    "event types to post; empty: all that the activity feed shows",
  ),
  WEBHOOK_SECRET: {
    ...changeable(
      "alerts",
      z.union([z.literal(""), z.string().min(16)]),
      "",
      "signs the posted events (HMAC-SHA256)",
    ),
    isSecret: true,
  },
  LOG_LEVEL: setting(
    z.enum(["debug", "info", "warn", "error", "silent"]),
    "info",
    "lowest level of log lines to print",
  ),
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
type Values = { [K in SettingName]: z.output<(typeof SETTINGS)[K]["schema"]> };

/** The current settings, one record for all parts: changes at run time are made in it. */
export type Config = Values & {
  /** What the environment sets: it cannot be changed at run time. */
  given: ReadonlySet<SettingName>;
  /** How people can sign in besides tokens. */
  providers: readonly ProviderConfig[];
};

/** Reads and checks every setting. Throws ConfigError. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const values: Record<string, unknown> = {};
  const given = new Set<SettingName>();
  for (const [name, entry] of Object.entries<Setting>(SETTINGS)) {
    const text = entry.isSecret ? readSecret(environment, name) : environment[name];
    const parsed = entry.schema.safeParse(text || entry.fallback);
    if (!parsed.success) throw new ConfigError(`${name}: ${parsed.error.issues[0]?.message} (${entry.says})`);
    values[name] = parsed.data;
    if (text) given.add(name as SettingName);
  }
  const config = { ...(values as Values), given, providers: providersOf(values as Values) };
  signInByProvider(config);
  settleAddress(config);
  refuseOpenDoor(config);
  refuseBlindTrust(config);
  refuseNobodyTrains(config);
  return config;
}

function providersOf(values: Values): ProviderConfig[] {
  try {
    return readProviders(values);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

/** The token stays the way in when a provider is down. */
function signInByProvider(config: Config): void {
  if (!config.providers.length || config.AUTH === "token") return;
  if (config.given.has("AUTH")) throw new ConfigError(`OIDC_ISSUER needs AUTH=token, not ${config.AUTH}`);
  config.AUTH = "token";
}

/** PUBLIC_URL may contain the base path: then that is BASE_PATH, and it is set only once. */
function settleAddress(config: Config): void {
  if (!config.PUBLIC_URL) return;
  const { origin, pathname } = new URL(config.PUBLIC_URL);
  const path = pathname.replace(/\/+$/, "");
  if (path && config.BASE_PATH && path !== config.BASE_PATH)
    throw new ConfigError(
      `PUBLIC_URL ends in ${path}, and BASE_PATH is ${config.BASE_PATH}: make them agree`,
    );
  const base = SETTINGS.BASE_PATH.schema.safeParse(path);
  if (!base.success) throw new ConfigError(`PUBLIC_URL: its path ${base.error.issues[0]?.message}`);
  Object.assign(config, { PUBLIC_URL: origin, BASE_PATH: config.BASE_PATH || path });
}

/** A secret in a file does not show in the process's environment. */
function readSecret(environment: Record<string, string | undefined>, name: string): string | undefined {
  const path = environment[`${name}_FILE`];
  if (!path) return environment[name];
  if (environment[name]) throw new ConfigError(`${name} and ${name}_FILE are both set: use only one`);
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new ConfigError(`${name}_FILE cannot be read: ${(error as { code?: string }).code ?? error}`);
  }
}

/** An open dashboard on a network lets anyone run trainings: it must be allowed explicitly. */
function refuseOpenDoor(config: Config): void {
  if (config.AUTH !== "none" || isLoopback(config.HOST) || config.ALLOW_ANONYMOUS === "1") return;
  throw new ConfigError(
    `HOST=${config.HOST} with AUTH=none would give everybody access: set AUTH=token, or ALLOW_ANONYMOUS=1 if you want that`,
  );
}

/** Anyone who reaches the port could claim to be admin. */
function refuseBlindTrust(config: Config): void {
  if (config.AUTH !== "proxy") return;
  for (const name of ["TRUSTED_PROXIES", "TRUSTED_AUTH_HEADER", "TRUSTED_AUTH_SECRET"] as const)
    if (!config[name].length) throw new ConfigError(`${name} must be set with AUTH=proxy`);
}

/** Workers need a database and files that they can reach too. */
function refuseNobodyTrains(config: Config): void {
  if (config.TRAIN_CONCURRENCY > 0 || (config.DATABASE_URL && config.STORAGE_URL)) return;
  throw new ConfigError(
    "TRAIN_CONCURRENCY=0 leaves trainings to workers: set DATABASE_URL and STORAGE_URL too",
  );
}

function isOrigin(text: string): boolean {
  return text === "*" || URL.parse(text)?.origin === text;
}

/** For the log: every current setting without secrets. Of an address only the host: its path may be a secret too. */
export function publicSettings(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries<Setting>(SETTINGS).flatMap(([name, { isSecret }]) => {
      const value = config[name as SettingName];
      if (isSecret) return value ? [[name, "set"]] : [];
      return [[name, name.endsWith("_URL") && typeof value === "string" ? hostOnly(value) : value]];
    }),
  );
}

function hostOnly(address: string): string {
  const url = URL.parse(address);
  return url ? `${url.protocol}//${url.host}` : "";
}

/** Each setting's sentence, with its default. */
export function settingsInWords(): { name: string; says: string }[] {
  return Object.entries<Setting>(SETTINGS).map(([name, { fallback, says, isSecret }]) => ({
    name,
    says: `${says}${fallback ? ` (${fallback})` : ""}${isSecret ? `; or ${name}_FILE, a file that contains it` : ""}`,
  }));
}

/** The settings as --help prints them. */
export function settingsHelp(): string {
  return settingsInWords()
    .map(({ name, says }) => `  ${name.padEnd(24)} ${says}`)
    .join("\n");
}
