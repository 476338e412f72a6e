/**
 * Runs every check in named steps that anyone can run alone. The last line counts what passed and what failed.
 * Installs what is missing from Debian: Chromium for the browser journeys, the proxies that they run through, what
 * makes writes fail and clocks jump, MariaDB, and PostgreSQL, which it starts in a folder of its own.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "./harness/postgres.ts";
import { installPrograms } from "./harness/programs.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const reports = mkdtempSync(join(tmpdir(), "signalbox-tests-"));
const bun = process.execPath;

interface Step {
  name: string;
  command: string[];
  /** JUnit report that the command writes; without one the step counts as a single test. */
  report?: string;
}

const unit = join(reports, "unit.xml");
const browser = join(reports, "browser.xml");
const STEPS: Step[] = [
  { name: "types", command: [bun, "x", "tsc", "--noEmit"] },
  { name: "types of the browser tests", command: [bun, "x", "tsc", "--noEmit", "-p", "tests/e2e"] },
  { name: "lint and format", command: [bun, "x", "biome", "ci", "."] },
  {
    name: "unit, property and HTTP tests",
    command: [
      bun,
      "test",
      "--parallel=3",
      "--timeout=120000",
      "--reporter=junit",
      `--reporter-outfile=${unit}`,
      "tests",
    ],
    report: unit,
  },
  { name: "one-file build", command: [bun, "run", "build"] },
  {
    name: "browser journeys",
    command: [bun, "x", "playwright", "test", "--config=tests/e2e/playwright.config.ts"],
    report: browser,
  },
  { name: "chaos, a few points of each kind", command: [bun, "tests/chaos/index.ts", "--short"] },
];

/** Programs that tests start, by the Debian package that brings each. */
const PROGRAMS: Record<string, string> = {
  [CHROMIUM]: "chromium",
  "/usr/sbin/nginx": "nginx-light",
  "/usr/bin/caddy": "caddy",
  "/usr/bin/systemd-analyze": "systemd",
  "/usr/bin/strace": "strace",
  "/usr/bin/faketime": "faketime",
  "/usr/sbin/ip": "iproute2",
  "/usr/bin/promtool": "prometheus",
  "/usr/lib/postgresql": "postgresql",
  "/usr/sbin/mariadbd": "mariadb-server",
};

async function runStep(step: Step): Promise<{ passed: number; failed: number }> {
  console.log(`\n== ${step.name}: ${step.command.slice(1).join(" ")}`);
  const addresses = { PLAYWRIGHT_JUNIT_OUTPUT_FILE: browser, TEST_POSTGRES_URL: postgres.url };
  const env = { ...process.env, CHROMIUM, ...addresses };
  const child = Bun.spawn(step.command, { stdio: ["ignore", "inherit", "inherit"], env });
  const isGreen = (await child.exited) === 0;
  const counted =
    step.report && existsSync(step.report) ? countReport(readFileSync(step.report, "utf8")) : null;
  if (!counted) return isGreen ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  // A runner may fail without a failing test: an import that breaks, a test that never ran.
  return !isGreen && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}

function countReport(xml: string): { passed: number; failed: number } {
  const root = /<testsuites[^>]*>/.exec(xml)?.[0] ?? "";
  const attribute = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = attribute("failures") + attribute("errors");
  return { passed: attribute("tests") - failed - attribute("skipped"), failed };
}

installPrograms(PROGRAMS);
const postgres = await startPostgres();
const total = { passed: 0, failed: 0 };
const times: string[] = [];
for (const step of STEPS) {
  const begin = performance.now();
  const { passed, failed } = await runStep(step);
  total.passed += passed;
  total.failed += failed;
  times.push(`${((performance.now() - begin) / 1000).toFixed(1).padStart(7)} s  ${step.name}`);
  console.log(`${step.name}: ${passed} passed, ${failed} failed`);
}
postgres.stop();
rmSync(reports, { recursive: true });
console.log(`\n${times.join("\n")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed ? 1 : 0);
