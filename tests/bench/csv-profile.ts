/** One profile in a process of its own: prints seconds, processor seconds and peak megabytes. */
import { profileCsv } from "../../core/csv/read.ts";

const started = performance.now();
await profileCsv(process.argv[2], {}, { name: "bench" });
const { user, system } = process.cpuUsage();
console.log(
  (performance.now() - started) / 1000,
  (user + system) / 1e6,
  process.resourceUsage().maxRSS / 1024,
);
