/** The engines that the store's tests run on, each with empty databases of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../../core/store/database.ts";
import { openPostgres } from "../../../core/store/postgres/database.ts";
import { openSqlite } from "../../../core/store/sqlite/database.ts";
import { ownSchema } from "../../harness/postgres.ts";

export interface OpenedStore {
  store: Store;
  /** Closes it, and removes what it stored. */
  remove: () => Promise<void>;
}

export interface Driver {
  name: string;
  open: () => Promise<OpenedStore>;
}

const SQLITE: Driver = {
  name: "SQLite",
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalbox-store-"));
    const store = await openSqlite(folder);
    const remove = async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    };
    return { store, remove };
  },
};

const POSTGRES: Driver = {
  name: "PostgreSQL",
  open: async () => {
    const schema = await ownSchema();
    const store = await openPostgres({ url: schema.url, listenUrl: "", listens: "always", warn: () => {} });
    const remove = async () => {
      await store.close();
      await schema.drop();
    };
    return { store, remove };
  },
};

export const DRIVERS: readonly Driver[] = [SQLITE, POSTGRES];
