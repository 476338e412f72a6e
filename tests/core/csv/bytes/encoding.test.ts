/** Checks encodings that have to be guessed: files joined from two, and letters of central Europe. */
import { expect, test } from "bun:test";
import iconv from "iconv-lite";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf } from "../files.ts";

const CITIES = ["Zürich", "Genève", "Bern"];
const lineOf = (k: number) => `n${k},${CITIES[k % 3]},${k * 1.5}\n`;

test("lines in UTF-8 and lines in Windows-1252 are each read right, and it is said", async () => {
  const lines = Array.from({ length: 60 }, (_, k) =>
    iconv.encode(lineOf(k), k % 2 ? "utf-8" : "windows-1252"),
  );
  const path = fileOf(Buffer.concat([Buffer.from("name,city,size\n"), ...lines]));
  const { columns, findings, plan } = await profileCsv(path, {}, { name: "joined.csv" });
  expect(plan.dialect.encoding).toBe("utf-8");
  expect(columns[1]!.top.map(({ value }) => value).sort()).toEqual([...CITIES].sort());
  expect(findings.find(({ code }) => code === "mixed_encodings")?.message).toContain("20 characters");
});

test.each<[string, string, string]>([
  ["windows-1250", "zakupił", "Łódź"],
  ["windows-1252", "größe", "Genève"],
  ["windows-1252", "volume_m³", "Málaga"],
  ["windows-1251", "купил", "Казань"],
])("%s is recognised by its words", async (encoding, name, city) => {
  const text = `${name},city,size\n${Array.from({ length: 30 }, (_, k) => `${k % 2},${city},${k}\n`).join("")}`;
  const { plan, columns } = await profileCsv(fileOf(iconv.encode(text, encoding)), {}, { name: "words.csv" });
  expect(plan.columns[0]!.name).toBe(name);
  expect(columns[1]!.examples).toEqual([city]);
});

test("zero bytes behind text are left out, and it is said", async () => {
  const rows = Array.from(
    { length: 60 },
    (_, k) => `${"ab"[k % 2]}\0\0,${k * 1.5},${k % 3 ? "yes" : "no"}\n`,
  );
  const path = fileOf(`kind,size,sold\n${rows.join("")}`);
  const { columns, findings } = await profileCsv(path, {}, { name: "padded.csv" });
  expect(columns[0]!.top.map(({ value }) => value).sort()).toEqual(["a", "b"]);
  expect(findings.find(({ code }) => code === "zero_bytes")?.message).toContain("120 zero bytes");
});
