/** `signalbox train`: the engine without a server. Progress and findings on stderr, the result as JSON on stdout. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { fileLeaks } from "../../csv/profile/advice/leaks.ts";
import type { Finding } from "../../csv/types.ts";
import type { Config } from "../../operations/config.ts";
import { existing, needed, say, tell } from "../../operations/terminal.ts";
import { AppError } from "../../platform/errors.ts";
import { plural, score } from "../../platform/figures.ts";
import { slug } from "../../platform/ids.ts";
import type { OutputOf } from "../../platform/zod-setup.ts";
import { bySeverity } from "../../trainer/checks/severity.ts";
import { STAGE_NAMES } from "../../trainer/contract.ts";
import { EXPERT_NAMES } from "../../training/options/expert.ts";
import { settleOptions, TRAIN_QUERY } from "../../training/options/run-options.ts";
import { planAs } from "../../training/options/test-plan.ts";
import { refuseMissing } from "../../training/queue/settle-run.ts";
import type { RunReport } from "../../training/run.ts";

const USAGE = "train FILE --target COL [options]";

/** Without a server there are no datasets: the test set is another file. */
const TEST_SAYS = "FILE whose rows are the test set. Default: test rows are part of the file.";

/** The API's options, from its own record, without `file`, which only names unnamed uploads. */
const OPTIONS = Object.entries(TRAIN_QUERY().shape).flatMap(([name, { description = "" }]) =>
  name === "file"
    ? []
    : [{ name, flag: flagOf(name), says: name === "testDatasetId" ? TEST_SAYS : description }],
);

/** budgetSeconds as --budget, splitColumn as --split-column. */
function flagOf(name: string): string {
  if (name === "budgetSeconds") return "budget";
  if (name === "testDatasetId") return "test";
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Prints the result as JSON. Throws AppError if the file or an option is not valid. */
export async function trainCommand(words: string[], config: () => Config): Promise<void> {
  const { values, positionals } = trainWords(words);
  if (values.help) return say(trainHelp());
  const path = existing(needed(positionals[0], USAGE));
  const asked = readOptions(values);
  const [{ openTable }, { profileCsv }, { runStages }] = await Promise.all([
    import("../../csv/formats/open-table.ts"),
    import("../../csv/read.ts"),
    import("../../training/run.ts"),
  ]);
  const name = basename(path);
  const folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  try {
    const read = async (file: string, out: string) => {
      const table = await openTable(file, { choices: {}, out: join(folder, out) });
      const profile = await profileCsv(table.path, {}, { name: basename(file), known: table.known });
      return { ...profile, path: table.path, name: basename(file) };
    };
    const profile = await read(path, "table");
    const options = settleOptions({ ...asked, datasetId: name }, profile, config().TRAIN_BUDGET_SECONDS);
    tell(
      `${name}: ${plural(profile.rows, "row")}, ${plural(profile.columns.length, "column")}. Target: ${options.target}`,
    );
    const findings = new Findings();
    for (const finding of profile.findings) findings.take(finding);
    const test = options.testDatasetId && (await read(existing(options.testDatasetId), "test-table"));
    if (test) refuseMissing(options, profile, { name: test.name, profile: test });
    const dataset = {
      ...profile,
      ...fileLeaks(profile),
      sizeBytes: Bun.file(path).size,
      ...(test && { test: { ...test, plan: planAs(test.plan, profile.plan) } }),
    };
    const result = await runStages(
      { options, folder, dataset },
      {
        cancel: new AbortController().signal,
        stop: new AbortController().signal,
        report: (report) => tellReport(report, findings),
      },
    );
    if (typeof values.out === "string") await Bun.write(values.out, Bun.file(join(folder, "model.bin")));
    say(
      JSON.stringify({ modelName: asked.name ?? slug(name), ...result, findings: bySeverity(findings.all) }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Throws AppError `syntax`, in the words of the command line. */
function readOptions(
  values: Readonly<Record<string, string | boolean | undefined>>,
): OutputOf<typeof TRAIN_QUERY> {
  const named = OPTIONS.flatMap(({ name, flag }) =>
    values[flag] === undefined ? [] : [[name, values[flag]]],
  );
  const parsed = TRAIN_QUERY().safeParse(Object.fromEntries(named));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new AppError("syntax", `--${flagOf(String(path[0]))}: ${message}`, {
    fix: "See signalbox train --help.",
  });
}

/** Printed as they come, kept for the result. */
class Findings {
  readonly all: Finding[] = [];

  take(finding: Finding): void {
    this.all.push(finding);
    tell(`      ${finding.severity}: ${finding.message}`);
  }
}

function tellReport(report: RunReport, findings: Findings): void {
  if (report.type === "started")
    tell(`[${report.position + 1}/${STAGE_NAMES.length}] ${STAGE_NAMES[report.position]} …`);
  if (report.type !== "stage") return;
  const { report: said } = report;
  if (said.type === "finding") findings.take(said.finding);
  if (said.type === "candidate") tell(`      ${said.candidate.name}: ${score(said.candidate.score)}`);
}

function trainWords(words: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        ...Object.fromEntries(OPTIONS.map(({ flag }) => [flag, text])),
        out: text,
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new AppError("syntax", (error as Error).message, { fix: "See signalbox train --help." });
  }
}

function trainHelp(): string {
  const isExpert = ({ name }: { name: string }) => EXPERT_NAMES.some((expert) => expert === name);
  const usual = [
    ...OPTIONS.filter((option) => !isExpert(option)),
    { flag: "out", says: "file to write the model to" },
    { flag: "help", says: "show this" },
  ];
  const listed = (rows: readonly { flag: string; says: string }[]) =>
    rows.map(({ flag, says }) => `  --${flag.padEnd(16)} ${says}`).join("\n");
  return `Usage: signalbox ${USAGE}

Trains a model on a CSV without a server. Progress and findings go to stderr, the result as JSON to stdout.
Exit code 0: trained; 2: the file or an option is not valid.

${listed(usual)}

Settings for experts:

${listed(OPTIONS.filter(isExpert))}

Example:
  signalbox train data.csv --target price --budget 30 --out model.bin > result.json`;
}
