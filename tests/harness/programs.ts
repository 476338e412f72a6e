/** Installs from Debian what tests start and is not here yet. */
import { existsSync } from "node:fs";

/** `programs`: a path that shows that one is installed -> its Debian package. Needs root if one is missing. */
export function installPrograms(programs: Readonly<Record<string, string>>): void {
  const missing = Object.entries(programs).flatMap(([path, name]) => (existsSync(path) ? [] : [name]));
  if (!missing.length) return;
  console.log(`installing ${missing.join(", ")}`);
  for (const words of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...missing],
  ]) {
    const { exitCode } = Bun.spawnSync(["apt-get", ...words], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (exitCode !== 0) throw new Error(`apt-get failed: install ${missing.join(", ")} as root`);
  }
}
