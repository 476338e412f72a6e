/** `bun tracer.ts FOLDER KINDS AT ERROR LOG PROGRAM …`: becomes the program, and harms it as tracer.c says. */
import { cc, ptr } from "bun:ffi";
import { join } from "node:path";

const bytes = (text: string) => Buffer.from(`${text}\0`);

const [folder = "", kinds, at, error, log = "", ...command] = process.argv.slice(2);
const words = command.map(bytes);
const { symbols } = cc({
  source: join(import.meta.dir, "tracer.c"),
  symbols: { run: { args: ["ptr", "int", "int", "int", "ptr", "ptr"], returns: "void" } },
});
const argv = new BigUint64Array([...words.map((word) => BigInt(ptr(word))), 0n]);
symbols.run(bytes(folder), Number(kinds), Number(at), Number(error), bytes(log), argv);
