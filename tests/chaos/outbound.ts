/** Rig 10: the whole journey in a network namespace without a route; and nothing even tries to leave. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Rig } from "./rig.ts";
import { newFolder } from "./trace.ts";

/** As a script of its own: it runs inside the namespace. */
const INSIDE = join(import.meta.dir, "outbound-journey.ts");

export const OUTBOUND: Rig = {
  name: "outbound",
  says: "a journey without a network",
  needs: ["unshare", "strace", "ip"],
  weight: 10,
  async run(_, table) {
    const folder = newFolder();
    const trace = `${folder}.trace`;
    const words = ["-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
    const traced = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=connect,sendto"];
    const child = Bun.spawn(["unshare", ...words, ...traced, process.execPath, INSIDE, folder], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = (await new Response(child.stderr).text()).trim();
    const isDone = (await child.exited) === 0;
    table.row("the journey").add(isDone ? "done without a route" : "LOST", said.slice(-300));
    const calls = readFileSync(trace, "utf8")
      .split("\n")
      .filter((line) => /sa_family=AF_INET/.test(line));
    const outside = calls.filter((line) => !/127\.0\.0\.1|::1"|inet_addr\("0\.0\.0\.0"\)/.test(line));
    const tally = table.row(`${calls.length} connections`);
    tally.add(outside.length === 0 ? "all to this machine" : "LOST", outside.slice(0, 3).join("; "));
    rmSync(trace);
    rmSync(folder, { recursive: true, force: true });
  },
};
