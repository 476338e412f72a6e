/**
 * A Python with the packages that tests of exports use. `TEST_PYTHON` names one that has them; else an environment of
 * its own is made once, in the temporary folder, and kept for the next run.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Path of the program. Throws if Python or the package index is missing: no test is skipped for lack of them. */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  if (process.env.TEST_PYTHON) return process.env.TEST_PYTHON;
  const key = new Bun.CryptoHasher("sha256").update(packages.join(" ")).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `signalbox-test-python-${key}`);
  const python = join(folder, "bin", "python");
  const whole = join(folder, "whole");
  if (existsSync(whole)) return python;
  // Its scripts name its path, so it cannot be made elsewhere and moved.
  rmSync(folder, { recursive: true, force: true });
  await run(["python3", "-m", "venv", folder], "install python3-venv");
  await run(
    [python, "-m", "pip", "install", "-q", ...packages],
    "pip needs a package index, or set TEST_PYTHON",
  );
  writeFileSync(whole, "");
  return python;
}

async function run(words: string[], fix: string): Promise<void> {
  const child = Bun.spawn(words, { stdio: ["ignore", "ignore", "inherit"] });
  if ((await child.exited) !== 0) throw new Error(`${words.slice(0, 3).join(" ")} failed: ${fix}.`);
}
