/** Columns that name whom rows belong to, in several languages, and columns that do not. */
import { expect, test } from "bun:test";
import { isGroupColumn } from "../../../../core/csv/profile/advice/group-column.ts";
import type { ColumnType } from "../../../../core/csv/types.ts";

const column = (name: string, examples: string[], type: ColumnType = "category") => ({
  name,
  type,
  count: 600,
  missing: 0,
  distinct: 100,
  examples,
});

test("owners of several rows", () => {
  for (const name of [
    "patient_id",
    "userid",
    "UserID",
    "CustomerNumber",
    "custid",
    "Kundennummer",
    "kunden_nr",
    "Patienten-ID",
    "id_client",
    "code_patient",
    "numéro_client",
    "utilisateur",
    "usuario",
    "Paziente",
    "élève".normalize("NFD"),
    "klant",
    "MRN",
    "engine_no",
    "hadm_id",
  ])
    expect([name, isGroupColumn(column(name, ["1007", "1008"], "number"))]).toEqual([name, true]);
});

test("e-mail addresses, whatever the column is called", () => {
  expect(isGroupColumn(column("contact", ["ada@example.org", "bob@example.com"]))).toBe(true);
});

test("ids that are no serial numbers", () => {
  expect(isGroupColumn(column("anon_id", ["9f86d081884c7d65", "a1b2c3d4e5f60718"]))).toBe(true);
  expect(isGroupColumn(column("ref_key", ["3f2a9c1e-0b7d-4c55-9a1e-001122334455"]))).toBe(true);
});

test("not places, measures or classes", () => {
  for (const name of [
    "city",
    "country",
    "age",
    "children",
    "class",
    "year",
    "product",
    "grid",
    "solid",
    "period",
  ])
    expect([name, isGroupColumn(column(name, ["12", "17"], "number"))]).toEqual([name, false]);
});
