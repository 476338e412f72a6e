/** SQL of the settings that were changed at run time. */
import type { Handle } from "./database.ts";

export async function storedSettings(store: Handle): Promise<Map<string, string>> {
  const rows = await store.all<{ name: string; value: string }>("SELECT name, value FROM settings");
  return new Map(rows.map(({ name, value }) => [name, value]));
}

/** Null: the default applies again. */
export async function saveSetting(store: Handle, name: string, value: string | null): Promise<void> {
  if (value === null) await store.run("DELETE FROM settings WHERE name = $name", { name });
  else
    await store.run(
      "INSERT INTO settings (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = $value",
      { name, value },
    );
}
