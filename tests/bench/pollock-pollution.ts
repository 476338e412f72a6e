/** The pollutions of Pollock, applied again to one clean file: the changed text, and what should be read. */

export interface Pollution {
  name: string;
  text: string;
  /** What a perfect reader sees. */
  rows: string[][];
}

/** `raw` quotes by RFC 4180 and has no newline in a cell; `clean` are its rows. */
export function* polluted(raw: string, clean: string[][]): Generator<Pollution> {
  const lines = raw.trimEnd().split(/\r?\n/);
  const cells = lines.map(splitRaw);
  yield* wholeFile(lines, cells, clean);
  for (let row = 0; row < lines.length; row++) {
    for (let column = 0; column < cells[row].length; column++) yield* oneCell(cells, clean, { row, column });
    const text = join(cells.map((line, k) => line.join(k === row ? " " : ",")));
    yield { name: `row_field_delimiter_${row}_0x20.csv`, text, rows: clean };
  }
}

function* oneCell(
  cells: string[][],
  clean: string[][],
  at: { row: number; column: number },
): Generator<Pollution> {
  const { row, column } = at;
  const changed = (line: string) => join(cells.map((other, k) => (k === row ? line : other.join(","))));
  const left = cells[row].slice(0, column);
  const right = cells[row].slice(column);
  if (column > 0) {
    const name = `row_less_sep_row${row}_col${column}.csv`;
    yield { name, text: changed(`${left.join(",")}${right.join(",")}`), rows: clean };
  }
  const more = [...left, "", ...right].join(",");
  yield { name: `row_more_sep_row${row}_col${column}.csv`, text: changed(more), rows: clean };
  const quoted = [...left, `"${right[0]}`, ...right.slice(1)].join(",");
  const rows = clean.map((other, k) =>
    k === row ? other.map((cell, c) => (c === column ? `"${cell}` : cell)) : other,
  );
  yield { name: `row_extra_quote${row}_col${column}.csv`, text: changed(quoted), rows };
}

function* wholeFile(lines: string[], cells: string[][], clean: string[][]): Generator<Pollution> {
  const of = (name: string, text: string, rows = clean): Pollution => ({
    name: `file_${name}.csv`,
    text,
    rows,
  });
  for (const [name, delimiter] of [
    ["0x9", "\t"],
    ["0x3B", ";"],
    ["0x20", " "],
    ["0x7C", "|"],
    ["0x3A", ":"],
    ["0x7E", "~"],
    ["0x5E", "^"],
  ]) {
    const safe = cells.map((row, k) =>
      row.map((cell, c) =>
        cell.startsWith('"') || !cell.includes(delimiter)
          ? cell
          : delimiter === " "
            ? cell
            : quote(clean[k][c]),
      ),
    );
    yield of(`field_delimiter_${name}`, join(safe.map((row) => row.join(delimiter))));
  }
  yield of("field_delimiter_0x2C_0x20", join(cells.map((row) => row.join(", "))));
  for (const [name, newline] of [
    ["0xA", "\n"],
    ["0xD", "\r"],
    ["0xD_0xA", "\r\n"],
  ]) {
    yield of(`record_delimiter_${name}`, lines.join(newline) + newline);
  }
  yield of("no_trailing_newline", lines.join("\r\n"));
  yield of("double_trailing_newline", `${join(lines)}\r\n`);
  yield of("no_header", join(lines.slice(1)), clean.slice(1));
  yield of("header_only", join(lines.slice(0, 1)), clean.slice(0, 1));
  yield of("one_data_row", join(lines.slice(0, 2)), clean.slice(0, 2));
  yield of("preamble", join(["Sales of the year", "", ...lines]));
  yield of(
    "preamble_wide",
    join([`Notes${",".repeat(clean[0].length - 1)}`, ",".repeat(clean[0].length - 1), ...lines]),
  );
  yield of("footer", join([...lines, "", "Source: the shop's own till"]));
  yield of("footer_wide", join([...lines, `Total${",".repeat(clean[0].length - 1)}`]));
  for (const count of [2, 3]) {
    const merged = [clean[0].map((cell) => new Array<string>(count).fill(cell).join(" ")), ...clean.slice(1)];
    yield of(
      `header_multirow_${count}`,
      join([...new Array<string>(count - 1).fill(lines[0]), ...lines]),
      merged,
    );
  }
  yield of("multitable_same", join([...lines, ...lines]));
  yield of("multitable_blank", join([...lines, "", ...lines]));
  yield of("multitable_less", join([...lines, ...cells.map((row) => row.slice(0, -1).join(","))]));
  yield of(
    "multitable_more",
    join([...lines, ...cells.map((row, k) => [...row, k === 0 ? "col1" : ""].join(","))]),
  );
  yield of(
    "quotation_char_0x27",
    join(lines.map((line) => line.replaceAll('""', "\u0001").replaceAll('"', "'").replaceAll("\u0001", '"'))),
    clean,
  );
  yield of(
    "escape_char_0x5C",
    join(cells.map((row, k) => row.map((cell, c) => requote(cell, clean[k][c], '\\"')).join(","))),
  );
  yield of(
    "escape_char_0x00",
    join(cells.map((row, k) => row.map((cell, c) => requote(cell, clean[k][c], '"')).join(","))),
  );
}

function requote(raw: string, value: string, escaped: string): string {
  return raw.startsWith('"') ? `"${value.replaceAll('"', escaped)}"` : raw;
}

function quote(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

function join(lines: readonly (string | string[])[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : line.join(",")}\r\n`).join("");
}

/** The cells of a line with their quotes. */
function splitRaw(line: string): string[] {
  return (
    line.match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,]*)/g)?.map((cell, k) => (k === 0 ? cell : cell.slice(1))) ?? []
  );
}
