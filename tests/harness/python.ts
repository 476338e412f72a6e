/**
 * A Python with the packages that tests of exports use. `TEST_PYTHON` names one that has them; else an environment of
 * its own is made once, in the temporary folder, and kept for the next run.
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Path of the program. Throws if Python or the package index is missing: no test is skipped for lack of them. */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  if (process.env.TEST_PYTHON) return process.env.TEST_PYTHON;
  const key = new Bun.CryptoHasher("sha256").update(packages.join(" ")).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `signalbox-test-python-${key}`);
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return python;
  // Under another name until it is whole. Scripts name their interpreter, so programs are run as modules.
  const part = `${folder}.${process.pid}`;
  try {
    await run(["python3", "-m", "venv", part], "install python3-venv");
    await run(
      [join(part, "bin", "python"), "-m", "pip", "install", "-q", ...packages],
      "pip needs a package index, or set TEST_PYTHON",
    );
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return python;
}

async function run(words: string[], fix: string): Promise<void> {
  const child = Bun.spawn(words, { stdio: ["ignore", "ignore", "inherit"] });
  if ((await child.exited) !== 0) throw new Error(`${words.slice(0, 3).join(" ")} failed: ${fix}.`);
}
