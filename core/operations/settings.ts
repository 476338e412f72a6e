/**
 * Changes settings at run time. The environment overrides stored values, and those override the defaults. A change is
 * stored and applies immediately, because all parts read the one Config. A secret is never returned.
 */
import * as z from "zod";
import type { EventLog } from "../events/event-log.ts";
import { whenReachable } from "../platform/concurrency.ts";
import { AppError } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";
import { lazily, type OutputOf } from "../platform/zod-setup.ts";
import type { Handle, Store, Unchanged } from "../store/database.ts";
import { saveSetting, storedSettings } from "../store/settings.ts";
import { type Config, SETTINGS, type Setting, type SettingGroup, type SettingName } from "./config.ts";

export interface SettingView {
  name: SettingName;
  group: SettingGroup;
  says: string;
  /** The current value; null for a secret. */
  value: unknown;
  source: "environment" | "stored" | "default";
  /** Set by the environment: it cannot be changed here. */
  locked: boolean;
  default: unknown;
  isSecret: boolean;
  /** For a secret: whether there is one. */
  isSet: boolean;
  /** The only allowed values; null: others too. */
  options: string[] | null;
}

const CHANGEABLE = Object.entries<Setting>(SETTINGS).filter(([, { group }]) => group) as [
  SettingName,
  Setting & { group: SettingGroup },
][];

const TEXT = lazily(() =>
  z.union([z.string().max(4000), z.number(), z.null(), z.array(z.union([z.string(), z.number()]))]),
);

/** The body of `PATCH /api/settings`: name -> value as text, number or list; null restores the default. */
export const SETTINGS_PATCH = lazily(() =>
  z.strictObject(
    Object.fromEntries(CHANGEABLE.map(([name, { says }]) => [name, TEXT().optional().describe(says)])),
  ),
);
export type SettingsPatch = Record<string, OutputOf<typeof TEXT> | undefined>;

export interface SettingsOptions {
  config: Config;
  store: Store;
  log: EventLog;
  logger: Logger;
}

export class Settings {
  private readonly listeners: ((names: SettingName[]) => Promise<void>)[] = [];

  private constructor(private readonly options: SettingsOptions) {
    const { log, logger } = options;
    log.hear((type, data, isOurs) => {
      if (type !== "settings.changed" || isOurs) return;
      whenReachable(() => this.reload(data.names as SettingName[])).catch((error: unknown) =>
        logger.error({ error: String(error) }, "changed settings could not be read"),
      );
    });
  }

  /** Applies what another server stored. */
  private async reload(names: SettingName[]): Promise<void> {
    const { config, store } = this.options;
    const stored = await storedSettings(store);
    for (const [name, entry] of CHANGEABLE) {
      if (!names.includes(name) || config.given.has(name)) continue;
      const parsed = entry.schema.safeParse(stored.get(name) ?? entry.fallback);
      if (parsed.success) Object.assign(config, { [name]: parsed.data });
    }
    for (const listener of this.listeners) await listener(names);
  }

  /** Applies what is stored. */
  static async open(options: SettingsOptions): Promise<Settings> {
    const { config, store, logger } = options;
    for (const [name, value] of await storedSettings(store)) {
      const entry = CHANGEABLE.find(([known]) => known === name)?.[1];
      const parsed = entry?.schema.safeParse(value);
      // Stored by a version with other rules: the default is a better guess than not to start.
      if (!parsed?.success) logger.warn({ setting: name }, "a stored setting is not valid");
      else if (!config.given.has(name as SettingName)) Object.assign(config, { [name]: parsed.data });
    }
    return new Settings(options);
  }

  /** Calls `listener` after each change, with the changed settings. */
  subscribe(listener: (names: SettingName[]) => Promise<void>): void {
    this.listeners.push(listener);
  }

  async list(store: Handle = this.options.store): Promise<SettingView[]> {
    const { config } = this.options;
    const stored = await storedSettings(store);
    return CHANGEABLE.map(([name, entry]) => {
      const locked = config.given.has(name);
      return {
        name,
        group: entry.group,
        says: entry.says,
        value: entry.isSecret ? null : config[name],
        source: locked ? "environment" : stored.has(name) ? "stored" : "default",
        locked,
        default: entry.isSecret ? null : entry.schema.parse(entry.fallback),
        isSecret: entry.isSecret ?? false,
        isSet: config[name] !== "",
        options: entry.schema instanceof z.ZodEnum ? entry.schema.options.map(String) : null,
      };
    });
  }

  /** All or nothing. Throws AppError: `invalid`, or `conflict` if the environment sets one of them. */
  async change(patch: SettingsPatch, unchanged: Unchanged = async () => {}): Promise<void> {
    const { config, log } = this.options;
    const wanted = CHANGEABLE.flatMap(([name, entry]) => {
      const value = patch[name];
      if (value === undefined) return [];
      const wish = { name, ...this.read(name, entry, value) };
      return Bun.deepEquals(wish.value, config[name]) ? [] : [wish];
    });
    if (!wanted.length) return;
    await log.record(async (tx) => {
      await unchanged(tx);
      for (const { name, text } of wanted) await saveSetting(tx, name, text);
      await tx.append("settings.changed", { names: wanted.map(({ name }) => name) });
    });
    for (const { name, value } of wanted) Object.assign(config, { [name]: value });
    for (const listener of this.listeners) await listener(wanted.map(({ name }) => name));
  }

  private read(name: SettingName, entry: Setting, asked: NonNullable<SettingsPatch[string]> | null) {
    if (this.options.config.given.has(name)) {
      throw new AppError("conflict", `${name} is set by the environment`, {
        column: name,
        fix: `Unset ${name} in the environment, or change it there.`,
      });
    }
    const text = asked === null ? null : Array.isArray(asked) ? asked.join(",") : String(asked).trim();
    const parsed = entry.schema.safeParse(text || entry.fallback);
    if (parsed.success) return { text: text === entry.fallback ? null : text, value: parsed.data };
    throw new AppError("syntax", `${name}: ${parsed.error.issues[0]?.message}`, {
      column: name,
      fix: `It sets this: ${entry.says}${entry.fallback ? `; the default is ${entry.fallback}` : ""}.`,
    });
  }
}
