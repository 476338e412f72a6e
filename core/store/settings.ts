/** SQL of the settings that were changed while the process ran. */
import type { Store } from "./database.ts";

export function storedSettings(store: Store): Map<string, string> {
  const rows = store.all<{ name: string; value: string }>("SELECT name, value FROM settings");
  return new Map(rows.map(({ name, value }) => [name, value]));
}

/** Null: the default is in force again. */
export function saveSetting(store: Store, name: string, value: string | null): void {
  if (value === null) store.run("DELETE FROM settings WHERE name = $name", { name });
  else
    store.run(
      "INSERT INTO settings (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = $value",
      { name, value },
    );
}
