/**
 * Measures how late the event loop is in the process that loads this (`bun --preload`), or in an idle one that runs it
 * alone, every ten milliseconds; what a stall swallowed is counted too, as if it had been measured. Written to the file
 * that LOOP_PROBE names.
 */
import { openSync, readFileSync, writeSync } from "node:fs";

const STEP_MS = 10;
const WRITE_MS = 1000;

const path = process.env.LOOP_PROBE;
// Children inherit the variable, and are not measured.
delete process.env.LOOP_PROBE;
if (path) watch(openSync(path, "a"));

function watch(file: number): void {
  let expected = performance.now() + STEP_MS;
  let waited = queuedMs();
  let lines = "";
  setInterval(() => {
    const now = performance.now();
    const queued = queuedMs();
    const late = now - expected;
    const own = Math.min(late, late - (queued - waited));
    for (let past = 0; past <= Math.max(0, late); past += STEP_MS)
      lines += `${Math.max(0, late - past).toFixed(1)} ${Math.max(0, own - past).toFixed(1)}\n`;
    expected = now + STEP_MS;
    waited = queued;
  }, STEP_MS);
  setInterval(() => {
    writeSync(file, lines);
    lines = "";
  }, WRITE_MS);
}

/** Time that the main thread could run and did not (second field of schedstat); 0 if the kernel does not provide it. */
function queuedMs(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
