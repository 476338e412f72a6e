/** Lists the sheets of a workbook, where they are, and its date system. */
import { AppError } from "../../../platform/errors.ts";
import { type Archive, damagedZip } from "./archive.ts";
import { readElements } from "./xml.ts";

export interface Sheet {
  name: string;
  part: string;
  isHidden: boolean;
}

export interface Workbook {
  sheets: Sheet[];
  /** Days count from 1904. */
  is1904: boolean;
  /** Parts by type of relationship. */
  stylesPart: string | null;
  stringsPart: string | null;
}

const MAX_SHEETS = 1000;
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

/** Throws AppError `invalid` if the workbook has no sheet with cells, or too many sheets. */
export async function readWorkbook(archive: Archive): Promise<Workbook> {
  const root = await readRelations(archive, "_rels/.rels", "");
  const part = [...root.values()].find(({ type }) => type === "officeDocument")?.target ?? "xl/workbook.xml";
  refuseLongIndex(archive, part);
  const folder = part.slice(0, part.lastIndexOf("/") + 1);
  const name = part.slice(folder.length);
  const relations = await readRelations(archive, `${folder}_rels/${name}.rels`, folder);
  const { listed, is1904 } = await readSheetList(archive, part);
  const sheets = listed.flatMap(({ id, name: label, isHidden }) => {
    const relation = relations.get(id);
    return relation?.type === "worksheet" ? [{ name: label, part: relation.target, isHidden }] : [];
  });
  if (sheets.length === 0)
    throw new AppError("invalid", "The workbook has no sheet with cells", {
      fix: "Add the data to a sheet.",
    });
  const partOf = (type: string) =>
    [...relations.values()].find((relation) => relation.type === type)?.target ?? null;
  return { sheets, is1904, stylesPart: partOf("styles"), stringsPart: partOf("sharedStrings") };
}

interface Relation {
  type: string;
  target: string;
}

/** Targets outside the file (external links) are never looked at. */
async function readRelations(archive: Archive, part: string, folder: string): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>();
  if (!archive.has(part)) return relations;
  refuseLongIndex(archive, part);
  await readElements(archive.text(part), (name, { Id, Type = "", Target = "", TargetMode }) => {
    if (name !== "Relationship" || !Id || TargetMode === "External") return;
    relations.set(Id, { type: Type.slice(Type.lastIndexOf("/") + 1), target: resolved(Target, folder) });
  });
  return relations;
}

/** Resolves "../x.xml" and "/xl/x.xml" to a part's name. */
function resolved(target: string, folder: string): string {
  const path = target.startsWith("/") ? target.slice(1) : folder + target;
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "." && step !== "") steps.push(step);
  }
  return steps.join("/");
}

interface ListedSheet {
  id: string;
  name: string;
  isHidden: boolean;
}

async function readSheetList(
  archive: Archive,
  part: string,
): Promise<{ listed: ListedSheet[]; is1904: boolean }> {
  if (!archive.has(part)) throw damagedZip(new Error(`${part} is missing`));
  const listed: ListedSheet[] = [];
  let is1904 = false;
  await readElements(archive.text(part), (element, attributes) => {
    if (element === "workbookPr") is1904 = /^(?:1|true)$/.test(attributes.date1904 ?? "");
    if (element !== "sheet" || !attributes.id) return;
    if (listed.length >= MAX_SHEETS) throw tooManySheets();
    const { id, name = `Sheet${listed.length + 1}`, state = "visible" } = attributes;
    listed.push({ id, name, isHidden: state !== "visible" });
  });
  return { listed, is1904 };
}

function refuseLongIndex(archive: Archive, part: string): void {
  if (archive.sizeOf(part) > MAX_INDEX_BYTES) throw tooManySheets();
}

function tooManySheets(): AppError {
  return new AppError("invalid", `The workbook has more than ${MAX_SHEETS} sheets`, {
    fix: "Save the sheet that you need as a workbook of its own.",
  });
}
