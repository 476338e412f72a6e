/**
 * `bun run bench formats [files] [rows]`: files of each format read cell by cell as pandas reads them, and one large
 * file of each for speed and memory. pandas, openpyxl, pyarrow and lxml live in a venv of the bench's own.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTable } from "../../core/csv/formats/open-table.ts";
import { readRows } from "../../core/csv/read-rows.ts";

const FORMATS = ["xlsx", "parquet", "json", "ndjson", "fwf", "html"] as const;
const VENV = join(tmpdir(), "signalbox-bench-formats");
const PEER = join(import.meta.dir, "formats_peer.py");
const PACKAGES = ["pandas==3.1.1", "openpyxl==3.1.5", "pyarrow==26.0.1", "lxml==6.1.3"];

type Cell = string | number | boolean | null | { micros: number };

export async function run([files = "50", rows = "100000"]: string[]): Promise<void> {
  const python = await pythonOf();
  const folder = mkdtempSync(join(tmpdir(), "signalbox-formats-"));
  try {
    await command([python, PEER, "make", folder, files, rows]);
    let isEqual = true;
    for (const format of FORMATS) {
      const { cells, unlike } = await compare(folder, format, Number(files));
      isEqual &&= unlike.length === 0;
      const beside = await speed(python, join(folder, `big.${format}`));
      print(`${format}: ${files} files, ${cells} cells, ${unlike.length} unlike pandas. ${beside}`);
      for (const each of unlike.slice(0, 5)) print(`    ${each}`);
    }
    if (!isEqual) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pythonOf(): Promise<string> {
  const python = join(VENV, "bin", "python");
  if (existsSync(python)) return python;
  await command(["python3", "-m", "venv", VENV]);
  await command([python, "-m", "pip", "install", "-q", ...PACKAGES]);
  return python;
}

async function compare(folder: string, format: string, files: number) {
  const unlike: string[] = [];
  let cells = 0;
  for (let seed = 0; seed < files; seed++) {
    const path = join(folder, `${seed}.${format}`);
    const packed = await Bun.file(`${path}.cells.gz`).bytes();
    const theirs = JSON.parse(new TextDecoder().decode(Bun.gunzipSync(packed))) as Cell[][];
    const ours = await rowsOf(path);
    if (ours.length !== theirs.length) unlike.push(`${seed}: ${ours.length} rows, pandas ${theirs.length}`);
    for (const [y, row] of theirs.entries()) {
      for (const [x, cell] of row.entries()) {
        cells++;
        const own = ours[y]?.[x] ?? "";
        if (!isSame(own, cell))
          unlike.push(`${seed}, row ${y}, cell ${x}: ${own}, pandas ${JSON.stringify(cell)}`);
      }
    }
  }
  return { cells, unlike };
}

async function rowsOf(path: string): Promise<string[][]> {
  const table = await openTable(path, { choices: {}, out: `${path}.table` });
  const rows: string[][] = [];
  for await (const batch of readRows(table.path, { known: table.known })) rows.push(...batch);
  return rows;
}

/** Excel keeps moments to the millisecond, as we read them. */
const MOMENT_MICROS = 1000;

function isSame(own: string, cell: Cell): boolean {
  if (cell === null) return own === "" || own === "NaN" || own === "NaT";
  if (typeof cell === "number") return own !== "" && Number(own) === cell;
  if (typeof cell === "boolean") return own.toLowerCase() === String(cell);
  if (typeof cell === "string") return own === cell || isSameMoment(own, cell);
  return (
    Math.abs(Date.parse(`${own.replace(" ", "T")}${own.length > 10 ? "Z" : ""}`) * 1000 - cell.micros) <
    MOMENT_MICROS
  );
}

/** pandas leaves moments in text as they are written, with or without a time of zero. */
function isSameMoment(own: string, text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text) && Date.parse(own) === Date.parse(text);
}

async function speed(python: string, path: string): Promise<string> {
  const theirs = JSON.parse(await command([python, PEER, "time", path])) as {
    seconds: number;
    bytes: number;
  };
  const startedAt = performance.now();
  const child = Bun.spawn([process.execPath, "server.ts", "read", path], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await child.exited;
  const seconds = (performance.now() - startedAt) / 1000;
  const bytes = child.resourceUsage()?.maxRSS ?? 0;
  const mega = (count: number) => `${Math.round(count / 1e6)} MB`;
  return `A large one: ${seconds.toFixed(2)} s and ${mega(bytes)} with its start, pandas ${theirs.seconds.toFixed(2)} s and ${mega(theirs.bytes)}.`;
}

async function command(words: string[]): Promise<string> {
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit" });
  const said = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${words.slice(0, 3).join(" ")} failed`);
  return said;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
