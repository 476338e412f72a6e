/**
 * Parses the XML of a workbook's part. As events while it streams by, names without their namespace's prefix. Entities
 * of a document's own are refused: nothing here has a use for them, and they can be made to grow without end.
 */
import { Parser } from "htmlparser2";
import { AppError } from "../../../platform/errors.ts";

export interface XmlHandlers {
  /** Before the element's attributes. */
  open?: (name: string) => void;
  attribute?: (name: string, value: string) => void;
  /** After the element's attributes. */
  opened?: (name: string) => void;
  text?: (text: string) => void;
  close?: (name: string) => void;
}

/** A tag, a comment or an attribute without an end would gather for ever. */
const MAX_DEPTH = 200;

/** Reads until the end, or until `isDone`. Throws AppError `invalid`. */
export async function readXml(
  chunks: AsyncGenerator<string>,
  handlers: XmlHandlers,
  isDone: () => boolean = () => false,
): Promise<void> {
  let depth = 0;
  const { open, attribute, opened, text, close } = handlers;
  const parser = new Parser(
    {
      onopentagname: (name) => {
        if (++depth > MAX_DEPTH) throw strangeXml("is nested too deep");
        open?.(localName(name));
      },
      ...(attribute && { onattribute: (name: string, value: string) => attribute(localName(name), value) }),
      ...(opened && { onopentag: (name: string) => opened(localName(name)) }),
      ...(text && { ontext: text }),
      onclosetag: (name) => {
        depth--;
        close?.(localName(name));
      },
      onprocessinginstruction: (name) => {
        if (name.toLowerCase() === "!doctype") throw strangeXml("declares a document type");
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  for await (const chunk of chunks) {
    parser.write(chunk);
    if (isDone()) return;
  }
  parser.end();
}

/** Each element with all its attributes. Throws AppError `invalid`. */
export async function readElements(
  chunks: AsyncGenerator<string>,
  opened: (name: string, attributes: Record<string, string>) => void,
  close: (name: string) => void = () => {},
): Promise<void> {
  let attributes: Record<string, string> = {};
  await readXml(chunks, {
    open: () => {
      attributes = {};
    },
    attribute: (name, value) => {
      attributes[name] = value;
    },
    opened: (name) => opened(name, attributes),
    close,
  });
}

function localName(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(colon + 1);
}

function strangeXml(what: string): AppError {
  return new AppError("invalid", `A part of the workbook ${what}, so it was not read`, {
    fix: "Open it in the spreadsheet, save it again, and upload that file.",
  });
}
