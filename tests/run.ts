/**
 * Runs every check in named steps that anyone can run alone; `--all` runs on both databases what runs on either. The last
 * line counts what passed and what failed.
 * Installs what is missing from Debian: Chromium for the browser journeys, the proxies that they run through, what
 * makes writes fail and clocks jump, MariaDB, PgBouncer, and PostgreSQL, which it starts in a folder of its own. The S3
 * server for the tests is installed where it is missing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { s3Program } from "./harness/object-store.ts";
import { startPostgres } from "./harness/postgres.ts";
import { installPrograms } from "./harness/programs.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const reports = mkdtempSync(join(tmpdir(), "signalbox-tests-"));
const bun = process.execPath;

interface Step {
  name: string;
  command: string[];
  /** On PostgreSQL instead of SQLite. */
  isOnPostgres?: true;
  /** JUnit report that the command writes; without one the step counts as a single test. */
  report?: string;
}

/** `--all`: what runs on SQLite runs on PostgreSQL as well, not only a part of it; and exports are loaded by Python. */
const isAll = process.argv.includes("--all");
const unit = join(reports, "unit.xml");
const unitOnPostgres = join(reports, "unit-postgres.xml");
const browser = join(reports, "browser.xml");
const browserOnPostgres = join(reports, "browser-postgres.xml");

const test = (report: string, folders: readonly string[]) => {
  const how = ["--parallel=3", "--timeout=120000", "--reporter=junit", `--reporter-outfile=${report}`];
  // These need minutes, or a gigabyte of Python packages.
  if (!isAll) how.push("--path-ignore-patterns=**/*.all.slow.test.ts");
  return [bun, "test", ...how, ...folders];
};
const journeys = (files: readonly string[]) => {
  return [bun, "x", "playwright", "test", "--config=tests/e2e/playwright.config.ts", ...files];
};

/** Rooms whose tests open a whole server. */
const SERVED = [
  "datasets",
  "events",
  "http",
  "live",
  "models",
  "operations",
  "process",
  "routes",
  "training",
];
const PART_ON_POSTGRES = [
  "tests/core/http/identity",
  "tests/core/live",
  "tests/core/routes/api/journey.slow.test.ts",
  "tests/core/routes/api/races.slow.test.ts",
  "tests/core/routes/api/rows/outcomes.test.ts",
  "tests/core/process/order",
  "tests/core/process/upkeep.slow.test.ts",
];
/** The way from a file to predictions, signing in, and outcomes. */
const JOURNEYS_ON_POSTGRES = ["journey.e2e.ts", "sign-in.e2e.ts", "monitoring.e2e.ts"];
const STEPS: Step[] = [
  { name: "types", command: [bun, "x", "tsc", "--noEmit"] },
  { name: "types of the browser tests", command: [bun, "x", "tsc", "--noEmit", "-p", "tests/e2e"] },
  { name: "lint and format", command: [bun, "x", "biome", "ci", "."] },
  {
    name: "unit, property and HTTP tests",
    command: test(unit, ["tests"]),
    report: unit,
  },
  {
    name: "HTTP and live tests on PostgreSQL",
    command: test(unitOnPostgres, isAll ? SERVED.map((room) => `tests/core/${room}`) : PART_ON_POSTGRES),
    report: unitOnPostgres,
    isOnPostgres: true,
  },
  { name: "one-file build", command: [bun, "run", "build"] },
  {
    name: "browser journeys",
    command: journeys([]),
    report: browser,
  },
  {
    name: "browser journeys on PostgreSQL",
    command: journeys(isAll ? [] : JOURNEYS_ON_POSTGRES),
    report: browserOnPostgres,
    isOnPostgres: true,
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
  "/usr/bin/python3": "python3-venv",
  "/usr/lib/postgresql": "postgresql",
  "/usr/sbin/pgbouncer": "pgbouncer",
  "/usr/sbin/mariadbd": "mariadb-server",
};

async function runStep(step: Step): Promise<{ passed: number; failed: number }> {
  console.log(`\n== ${step.name}: ${step.command.slice(1).join(" ")}`);
  const programs = { CHROMIUM, TEST_POSTGRES_URL: postgres.url, S3_SERVER };
  const engine = step.isOnPostgres && { TEST_ENGINE: "postgres" };
  const report = step.report && { PLAYWRIGHT_JUNIT_OUTPUT_FILE: step.report };
  const env = { ...process.env, ...programs, ...engine, ...report };
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
const S3_SERVER = s3Program();
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
