/** `bun run bench NAME …`: each bench prints a ratio against a peer that ran beside it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const [name, ...args] = process.argv.slice(2);
const available = readdirSync(import.meta.dir)
  .filter((file) => /^[a-z]+\.ts$/.test(file) && file !== "index.ts")
  .map((file) => file.replace(".ts", ""));
if (!name || !available.includes(name)) {
  process.stderr.write(`usage: bun run bench ${available.join(" | ")}\n`);
  process.exit(2);
}
const bench = (await import(join(import.meta.dir, `${name}.ts`))) as {
  run: (args: string[]) => Promise<void>;
};
await bench.run(args);
