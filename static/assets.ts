/**
 * Serves the files that a page loads. One script and one style, made once from the package's and our own, under
 * names that carry their content's hash; an exact map, so no path of a request ever touches the disk.
 */

import { brotliCompressSync } from "node:zlib";
import htmxSocket from "htmx.org/dist/ext/hx-ws.min.js" with { type: "text" };
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import appCss from "./app.css" with { type: "text" };
import app from "./app.js" with { type: "text" };
import chartsCss from "./charts.css" with { type: "text" };
import controlsCss from "./controls.css" with { type: "text" };
import dashboardCss from "./dashboard.css" with { type: "text" };
import embed from "./embed.js" with { type: "text" };
import heroCss from "./hero.css" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import inspect from "./inspect.js" with { type: "text" };
import listsCss from "./lists.css" with { type: "text" };
import live from "./live.js" with { type: "text" };
import modelCss from "./model.css" with { type: "text" };
import model from "./model.js" with { type: "text" };
import pagesCss from "./pages.css" with { type: "text" };
import panelsCss from "./panels.css" with { type: "text" };
import printCss from "./print.css" with { type: "text" };
import replay from "./replay.js" with { type: "text" };
import runCss from "./run.css" with { type: "text" };
import run from "./run.js" with { type: "text" };
import panelElement from "./signalbox-panel.js" with { type: "text" };
import standaloneCss from "./standalone.css" with { type: "text" };
import standaloneScript from "./standalone.js" with { type: "text" };
import toasts from "./toasts.js" with { type: "text" };
import upload from "./upload.js" with { type: "text" };

export interface Asset {
  answer: (acceptEncoding: string) => Response;
}

const text = (module: unknown) => module as string;
// The types know `minifyWhitespace` only.
const smallest = { loader: "js", minify: { whitespace: true, syntax: true, identifiers: true } } as const;
const transpiler = new Bun.Transpiler(smallest);
const small = (module: unknown) => transpiler.transformSync(text(module));

// One bundle: as two deferred scripts the socket sometimes never opens.
const SOURCES = {
  script: {
    name: "app",
    ending: "js",
    text: [text(htmx), text(htmxSocket), small(live), small(app)].join("\n;\n"),
  },
  embed: { name: "embed", ending: "js", text: small(embed) },
  inspect: { name: "inspect", ending: "js", text: small(inspect) },
  model: { name: "model", ending: "js", text: small(model) },
  replay: { name: "replay", ending: "js", text: small(replay) },
  run: { name: "run", ending: "js", text: small(run) },
  toasts: { name: "toasts", ending: "js", text: small(toasts) },
  upload: { name: "upload", ending: "js", text: small(upload) },
  style: {
    name: "app",
    ending: "css",
    text: [
      appCss,
      controlsCss,
      panelsCss,
      chartsCss,
      listsCss,
      heroCss,
      pagesCss,
      runCss,
      modelCss,
      dashboardCss,
      printCss,
    ]
      .map(text)
      .join("\n"),
  },
  icon: { name: "icon", ending: "svg", text: text(icon) },
};
const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Of a content's own address it never changes; where pages elsewhere name the address it is asked for each hour. */
const FOR_EVER = "public, max-age=31536000, immutable";
const FOR_AN_HOUR = "public, max-age=3600";

type Coding = "br" | "gzip";
const CODINGS: Coding[] = ["br", "gzip"];
const PRESS: Record<Coding, (source: string) => Uint8Array<ArrayBuffer>> = {
  br: (source) => new Uint8Array(brotliCompressSync(source)),
  gzip: (source) => Bun.gzipSync(source, { level: 9 }),
};
const accepts = (acceptEncoding: string, name: Coding) =>
  acceptEncoding.split(",").some((offer) => {
    const [coding, weight] = offer.split(";");
    return coding!.trim() === name && !/^\s*q=0(\.0*)?\s*$/.test(weight ?? "");
  });

function asset(source: string, type: string, cacheControl = FOR_EVER): Asset {
  const headers = { "content-type": type, "cache-control": cacheControl, vary: "accept-encoding" };
  const pressed: Partial<Record<Coding, Uint8Array<ArrayBuffer>>> = {};
  return {
    answer: (acceptEncoding) => {
      const coding = CODINGS.find((name) => accepts(acceptEncoding, name));
      if (!coding) return new Response(source, { headers });
      pressed[coding] ??= PRESS[coding](source);
      return new Response(pressed[coding], { headers: { ...headers, "content-encoding": coding } });
    },
  };
}

export const ASSETS = new Map<string, Asset>();

/** Path of each asset, without BASE_PATH. */
export const ASSET_PATHS = Object.fromEntries(
  Object.entries(SOURCES).map(([role, { name, ending, text: source }]) => {
    const hash = new Bun.CryptoHasher("sha256").update(source).digest("hex").slice(0, 10);
    const path = `/static/${name}-${hash}.${ending}`;
    ASSETS.set(path, asset(source, TYPES[ending]!));
    return [role, path];
  }),
) as Record<keyof typeof SOURCES, string>;

/** The one script whose address pages of other origins know. */
export const PANEL_ELEMENT = "/static/signalbox-panel.js";
ASSETS.set(PANEL_ELEMENT, asset(small(panelElement), TYPES.js!, FOR_AN_HOUR));

/** What the page of a model that is taken along carries in itself. */
export function standaloneParts(module: string) {
  return { scripts: { module, page: text(standaloneScript) }, style: text(standaloneCss) };
}
