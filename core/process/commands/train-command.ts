/** `signalbox train`: the engine without a server. Progress and findings on stderr, the result as JSON on stdout. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type * as z from "zod";
import type { Finding } from "../../csv/types.ts";
import type { Config } from "../../operations/config.ts";
import { existing, needed, say, tell } from "../../operations/terminal.ts";
import { AppError } from "../../platform/errors.ts";
import { plural, score } from "../../platform/figures.ts";
import { slug } from "../../platform/ids.ts";
import { STAGE_NAMES } from "../../trainer/contract.ts";
import { settleOptions, TRAIN_QUERY } from "../../training/options/run-options.ts";
import type { RunReport } from "../../training/run.ts";

const USAGE = "train FILE --target COL [options]";

/** The API's options, from its own record, without `file`, which only names unnamed uploads. */
const OPTIONS = Object.entries(TRAIN_QUERY.shape).flatMap(([name, { description = "" }]) =>
  name === "file" ? [] : [{ name, flag: flagOf(name), says: description }],
);

/** budgetSeconds as --budget, splitColumn as --split-column. */
function flagOf(name: string): string {
  if (name === "budgetSeconds") return "budget";
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

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
    const table = await openTable(path, { choices: {}, out: join(folder, "table") });
    const profile = await profileCsv(table.path, {}, { name, known: table.known });
    const options = settleOptions({ ...asked, datasetId: name }, profile, config().TRAIN_BUDGET_SECONDS);
    tell(
      `${name}: ${plural(profile.rows, "row")}, ${plural(profile.columns.length, "column")}. Target: ${options.target}`,
    );
    const findings = new Findings();
    for (const finding of profile.findings) findings.take(finding);
    const dataset = { ...profile, path: table.path, name, sizeBytes: Bun.file(path).size };
    const result = await runStages(
      { options, folder, dataset },
      {
        cancel: new AbortController().signal,
        stop: new AbortController().signal,
        report: (report) => tellReport(report, findings),
      },
    );
    if (typeof values.out === "string") await Bun.write(values.out, Bun.file(join(folder, "model.bin")));
    say(JSON.stringify({ modelName: asked.name ?? slug(name), ...result, findings: findings.all }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Throws AppError `syntax`, in the words of the command line. */
function readOptions(
  values: Readonly<Record<string, string | boolean | undefined>>,
): z.output<typeof TRAIN_QUERY> {
  const named = OPTIONS.flatMap(({ name, flag }) =>
    values[flag] === undefined ? [] : [[name, values[flag]]],
  );
  const parsed = TRAIN_QUERY.safeParse(Object.fromEntries(named));
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
  const rows = [
    ...OPTIONS.map(({ flag, says }) => [flag, says] as const),
    ["out", "file to write the model to"] as const,
    ["help", "show this"] as const,
  ];
  return `Usage: signalbox ${USAGE}

Trains a model on a CSV without a server. Progress and findings go to stderr, the result as JSON to stdout.
Exit code 0: trained; 2: the file or an option is not valid.

${rows.map(([flag, says]) => `  --${flag.padEnd(16)} ${says}`).join("\n")}

Example:
  signalbox train data.csv --target price --budget 30 --out model.bin > result.json`;
}
