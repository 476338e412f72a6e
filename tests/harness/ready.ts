/** Waits until a program that was started can be used. */

const READY_MS = 30_000;

/** Throws where `proof` still throws after half a minute. */
export async function ready(proof: () => Promise<void>, what: string): Promise<void> {
  for (const end = performance.now() + READY_MS; ; await Bun.sleep(30)) {
    try {
      return await proof();
    } catch (error) {
      if (performance.now() > end) throw new Error(`${what} is not ready: ${error}`);
    }
  }
}
