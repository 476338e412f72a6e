/**
 * All rows are copied between databases of either engine, completely or not at all, and an interrupted copy continues.
 */
import { afterEach, describe, expect, test } from "bun:test";
import {
  beginCopy,
  copyRows,
  finishCopy,
  isUnfinished,
  refuseUnfinished,
} from "../../../core/store/copying/copy-tables.ts";
import { COPIED_TABLES } from "../../../core/store/copying/tables.ts";
import type { Store } from "../../../core/store/database.ts";
import { insertEvent, lastSeq } from "../../../core/store/log.ts";
import * as ofPostgres from "../../../core/store/postgres/last-numbers.ts";
import * as ofSqlite from "../../../core/store/sqlite/last-numbers.ts";
import { DRIVERS, type Driver, type OpenedStore } from "./drivers.ts";

const opened: OpenedStore[] = [];
afterEach(async () => {
  for (const { remove } of opened.splice(0)) await remove();
});
async function open(driver: Driver): Promise<Store> {
  const entry = await driver.open();
  opened.push(entry);
  return entry.store;
}

const numbersOf = (store: Store) => (store.isShared ? ofPostgres : ofSqlite);
const quiet = () => {};

async function copyAll(from: Store, to: Store): Promise<void> {
  await beginCopy({ to }, "refuse");
  await copyRows({ from }, { to }, quiet);
  const lastNumbers = await numbersOf(from).lastNumbers(from);
  await finishCopy({ from, lastNumbers }, { to, setLastNumbers: numbersOf(to).setLastNumbers });
}

const rowsOf = async (store: Store) =>
  Object.fromEntries(
    await Promise.all(
      COPIED_TABLES.map(async ({ name, key }) => {
        const rows = await store.all<object>(`SELECT * FROM ${name} ORDER BY ${key.join(", ")}`);
        return [name, rows.map((row) => Object.fromEntries(Object.entries(row).sort()))] as const;
      }),
    ),
  );

/** Rows that engines might keep differently: fractions, long numbers, empty and foreign texts, keys of several columns. */
async function fill(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (let i = 0; i < 1200; i++)
      await insertEvent(tx, { type: "metrics.sampled", at: 1.7e12 + i, data: `{"i":${i}}`, activity: 0 });
  });
  const values = [0, -0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 12, 123456789.12345679];
  for (const [at, value] of values.entries())
    await store.run("INSERT INTO samples (gauge, at, value) VALUES ($gauge, $at, $value)", {
      ...{ gauge: at % 2 ? "a_b" : "a-b", at, value },
    });
  for (const [i, name] of [
    "Grün",
    "z",
    "a\u0301",
    "",
    "日本語 \u{1f600}",
    "line\nbreak",
    "Z",
    "ä",
  ].entries()) {
    const id = `${name.length}${i}é`;
    await store.run(
      `INSERT INTO datasets (id, position, version, name, sha256, size_bytes, status, created_at)
       VALUES ($id, $i, 1, $name, $id, 9007199254740991, 'ready', 1)`,
      { id, i, name },
    );
    for (const version of [2, 10, 1])
      await store.run(
        `INSERT INTO dataset_versions (dataset_id, version, choices, profile, rows, columns, created_at, file)
         VALUES ($id, $version, '{}', $profile, 1, 1, 1, '')`,
        { id, version, profile: JSON.stringify({ text: name, quote: '"\\u0000' }) },
      );
  }
  await store.run(
    `INSERT INTO runs (id, number, dataset_id, dataset_version, dataset_name, model_name, options, status, queued_at)
     VALUES ('r', 7, 'd', 1, 'n', 'm', '{"a": 1,  "b":[ ]}', 'finished', 3)`,
  );
  await store.run("INSERT INTO meta (key, value) VALUES ('embedSecret', 'kept')");
}

describe.each(DRIVERS.flatMap((from) => DRIVERS.map((to) => [from.name, to.name, from, to] as const)))(
  "%s -> %s",
  (_from, _to, source, target) => {
    test("every row arrives as it was, and numbers that were given out never come back", async () => {
      const [from, to] = [await open(source), await open(target)];
      await fill(from);
      await from.run("DELETE FROM events WHERE seq > 1190");
      await copyAll(from, to);
      expect(await rowsOf(to)).toEqual(await rowsOf(from));
      expect(await to.all("SELECT * FROM meta ORDER BY key")).toEqual(
        await from.all("SELECT * FROM meta ORDER BY key"),
      );
      expect(await lastSeq(to)).toBe(1200);
      const event = { type: "metrics.sampled", at: 1, data: "{}", activity: 0 } as const;
      expect(await to.transaction((tx) => insertEvent(tx, event))).toBe(1201);
    });

    test("one that was cut off goes on, and what changed at the source meanwhile is copied anew", async () => {
      const [from, to] = [await open(source), await open(target)];
      await fill(from);
      expect(await beginCopy({ to }, "refuse")).toBe("begun");
      let heard = 0;
      const cut = () => {
        if (++heard === 3) throw new Error("cut");
      };
      await expect(copyRows({ from }, { to }, cut)).rejects.toThrow("cut");
      await expect(refuseUnfinished(to)).rejects.toThrow("has not ended");
      await from.run("UPDATE events SET type = 'changed' WHERE seq = 2");
      await from.run("DELETE FROM events WHERE seq = 3");
      expect(await beginCopy({ to }, "refuse")).toBe("continued");
      await copyAll(from, to);
      expect(await rowsOf(to)).toEqual(await rowsOf(from));
      expect(await isUnfinished(to)).toBe(false);
    });

    test("one that goes on does not copy again what has arrived", async () => {
      const [from, to] = [await open(source), await open(target)];
      await fill(from);
      await beginCopy({ to }, "refuse");
      const first: string[] = [];
      const cut = (table: string, copied: number) => {
        first.push(`${table} ${copied}`);
        if (copied === 1000) throw new Error("cut");
      };
      await expect(copyRows({ from }, { to }, cut)).rejects.toThrow("cut");
      const second: string[] = [];
      await copyRows({ from }, { to }, (table, copied) => second.push(`${table} ${copied}`));
      expect(first).toContain("events 500");
      expect(second).not.toContain("events 500");
      expect(second).toContain("events 1200");
    });

    test("a target with data of its own is left alone", async () => {
      const [from, to] = [await open(source), await open(target)];
      await fill(from);
      await fill(to);
      const before = await rowsOf(to);
      await expect(beginCopy({ to }, "refuse")).rejects.toThrow("holds data already");
      expect(await rowsOf(to)).toEqual(before);
      expect(await beginCopy({ to }, "replace")).toBe("begun");
    });
  },
);

test.each(DRIVERS)(
  "$name: every table is copied, but those of its engine and of running processes",
  async (driver) => {
    const store = await open(driver);
    const names = store.isShared
      ? await store.all<{ name: string }>(
          `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND n.nspname = current_schema()`,
        )
      : await store.all<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        );
    const own = ["meta", "workers", "log_head", "schema_version"];
    expect(
      names
        .map(({ name }) => name)
        .filter((name) => !own.includes(name))
        .sort(),
    ).toEqual(COPIED_TABLES.map(({ name }) => name).sort());
  },
);
