/**
 * Parses the XML of a workbook part as a stream of events, names without namespace prefix. Entities defined by a
 * document are refused: a workbook never needs them, and they can be made to expand without limit.
 */
import { Parser } from "htmlparser2";
import { AppError } from "../../../platform/errors.ts";

export interface XmlHandlers {
  /** Called before the element's attributes. */
  open?: (name: string) => void;
  attribute?: (name: string, value: string) => void;
  /** Called after the element's attributes. */
  opened?: (name: string) => void;
  text?: (text: string) => void;
  close?: (name: string) => void;
}

const MAX_DEPTH = 200;
/** A tag, comment or attribute that never ends would be buffered without limit. */
const MAX_SILENT_CHARACTERS = 8 * 1024 * 1024;

/** Reads to the end, or until `isDone`. Throws AppError `invalid`. */
export async function readXml(
  chunks: AsyncGenerator<string>,
  handlers: XmlHandlers,
  isDone: () => boolean = () => false,
): Promise<void> {
  let depth = 0;
  let silent = 0;
  const { open, attribute, opened, text, close } = handlers;
  const parser = new Parser(
    {
      onopentagname: (name) => {
        silent = 0;
        if (++depth > MAX_DEPTH) throw strangeXml("is nested too deeply");
        open?.(localName(name));
      },
      ...(attribute && { onattribute: (name: string, value: string) => attribute(localName(name), value) }),
      ...(opened && { onopentag: (name: string) => opened(localName(name)) }),
      ontext: (piece) => {
        silent = 0;
        text?.(piece);
      },
      onclosetag: (name) => {
        silent = 0;
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
    silent += chunk.length;
    parser.write(chunk);
    if (silent > MAX_SILENT_CHARACTERS) throw strangeXml("has a tag or comment that does not end");
    if (isDone()) return;
  }
  parser.end();
}

/** Yields each element with all its attributes. Throws AppError `invalid`. */
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
