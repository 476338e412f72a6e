/** Whole transactions and single writes at once: each is seen whole or not at all, and only its handle reaches it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Handle, Store } from "../../../core/store/database.ts";
import { DRIVERS, type OpenedStore } from "./drivers.ts";

const PLACES = ["a", "b", "c", "d"] as const;
type Place = (typeof PLACES)[number];

const read = async (handle: Handle, name: string) =>
  Number(
    (await handle.get<{ value: string }>("SELECT value FROM settings WHERE name = $name", { name }))!.value,
  );
const write = (handle: Handle, name: string, value: number) =>
  handle.run("UPDATE settings SET value = $value WHERE name = $name", { name, value: String(value) });

class Planned extends Error {}

describe.each(DRIVERS)("on $name", ({ open }) => {
  let opened: OpenedStore;
  let store: Store;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    for (const name of PLACES)
      await store.run("INSERT INTO settings (name, value) VALUES ($name, $value)", { name, value: "100" });
  });
  afterEach(() => opened.remove());

  /** Moves one step by step; throws before the step that is named. Every step is a chance for others to come between. */
  async function transfer(
    tx: Handle,
    { from, to, failsAt, nestedFails }: { from: Place; to: Place; failsAt: number; nestedFails: boolean },
  ): Promise<void> {
    let step = 0;
    const next = async () => {
      if (step++ === failsAt) throw new Planned();
      await Promise.resolve();
    };
    await next();
    const taken = await read(tx, from);
    await next();
    await write(tx, from, taken - 1);
    await next();
    if (nestedFails) {
      const nested = tx.transaction(async (inner) => {
        await write(inner, to, -1);
        throw new Planned();
      });
      await expect(nested).rejects.toBeInstanceOf(Planned);
    }
    const had = await read(tx, to);
    await next();
    await write(tx, to, had + 1);
    await next();
  }

  test("fifty transactions that fail at any step leave exactly what the complete ones wrote", async () => {
    const one = fc.record({
      from: fc.constantFrom(...PLACES),
      to: fc.constantFrom(...PLACES),
      failsAt: fc.integer({ min: 0, max: 9 }),
      nestedFails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 50, maxLength: 50 }), async (transfers) => {
        for (const name of PLACES) await write(store, name, 100);
        const sums: number[] = [];
        const expected = new Map<string, number>(PLACES.map((name) => [name, 100]));
        const outcomes = transfers.map(async (given, i) => {
          const done = store
            .transaction((tx) => transfer(tx, given))
            .then(
              () => true,
              (error: unknown) => {
                expect(error).toBeInstanceOf(Planned);
                return false;
              },
            );
          if (i % 5 === 0) sums.push(await sumOf(store));
          return done;
        });
        for (const [i, isDone] of (await Promise.all(outcomes)).entries()) {
          const { from, to, failsAt } = transfers[i]!;
          expect(isDone).toBe(failsAt > 4);
          if (!isDone) continue;
          expected.set(from, expected.get(from)! - 1);
          expected.set(to, expected.get(to)! + 1);
        }
        expect(new Set(sums)).toEqual(new Set([400]));
        for (const name of PLACES) expect(await read(store, name)).toBe(expected.get(name)!);
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  test("simultaneous writes run one after the other, in order", async () => {
    const order: number[] = [];
    const asked = Array.from({ length: 20 }, async (_, i) => {
      if (i % 2) await write(store, "a", i);
      else await store.transaction((tx) => write(tx, "a", i));
      order.push(i);
    });
    await Promise.all(asked);
    expect(await read(store, "a")).toBe(19);
    expect(order).toHaveLength(20);
  });

  test("uncommitted changes are visible only to their transaction", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: written, resolve: told } = Promise.withResolvers<void>();
    const changing = store.transaction(async (tx) => {
      await write(tx, "a", 1);
      expect(await read(tx, "a")).toBe(1);
      told();
      await held;
    });
    await written;
    expect(await read(store, "a")).toBe(100);
    release();
    await changing;
    expect(await read(store, "a")).toBe(1);
  });

  test("inside a body the store itself may not be used, also by what the body calls; after it, it may", async () => {
    const refused = "only its own handle";
    await store.transaction(async (tx) => {
      await expect(read(store, "a")).rejects.toThrow(refused);
      await expect(write(store, "a", 2)).rejects.toThrow(refused);
      await expect(store.transaction(async () => {})).rejects.toThrow(refused);
      await write(tx, "a", 3);
    });
    expect(await read(store, "a")).toBe(3);
  });

  test("a transaction handle fails after its end, and while a nested one is open", async () => {
    let kept: Handle | null = null;
    await store.transaction(async (tx) => {
      kept = tx;
      await tx.transaction(async (inner) => {
        await expect(read(tx, "a")).rejects.toThrow("nested in it was open");
        await write(inner, "a", 4);
      });
      expect(await read(tx, "a")).toBe(4);
    });
    await expect(read(kept!, "a")).rejects.toThrow("after its end");
  });

  test("the rows in the response to a change begin at the requested position", async () => {
    const sql = "UPDATE settings SET value = '7' WHERE name = $name RETURNING value";
    expect(await store.returning<{ value: string }>(sql, { name: "a" })).toEqual([{ value: "7" }]);
    await store.transaction(async (tx) => {
      expect(await tx.returning<{ value: string }>(sql, { name: "b" })).toEqual([{ value: "7" }]);
      expect(await tx.returning(sql, { name: "nobody" })).toEqual([]);
    });
  });
});

async function sumOf(store: Store): Promise<number> {
  const rows = await store.all<{ value: string }>("SELECT value FROM settings");
  return rows.reduce((sum, { value }) => sum + Number(value), 0);
}
