/**
 * Serves the files that a page loads. One script and one style, made once from the package's and our own, under
 * names that carry their content's hash; an exact map, so no path of a request ever touches the disk.
 */

import htmxSocket from "htmx.org/dist/ext/hx-ws.min.js" with { type: "text" };
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import { preferredCoding } from "../core/http/negotiate.ts";
import appCss from "./app.css" with { type: "text" };
import app from "./app.js" with { type: "text" };
import chartsCss from "./charts.css" with { type: "text" };
import controlsCss from "./controls.css" with { type: "text" };
import dashboardCss from "./dashboard.css" with { type: "text" };
import embed from "./embed.js" with { type: "text" };
import figures from "./figures.js" with { type: "text" };
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
import refused from "./refused.js" with { type: "text" };
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

interface Source {
  name: string;
  ending: "js" | "css" | "svg";
  parts: unknown[];
  /** How many of the first parts are minified already; without it none is. */
  minified?: number;
}

const page = (name: string, script: unknown): Source => ({ name, ending: "js", parts: [script] });
/** With what writes figures, in one scope: a page's scripts share theirs. */
const withFigures = (name: string, script: unknown) => page(name, `(() => {${figures}${script}})();`);
/**
 * Runs a script after the first paint, so that nobody waits for it to see the page; inside a function it is also
 * compiled only then. Until then forms and links work as they do without a script.
 */
const afterPaint = (...scripts: unknown[]) =>
  `new PerformanceObserver((_,o)=>{o.disconnect();${scripts.join("\n;\n")}}).observe({type:"paint",buffered:!0})`;
const SCRIPT = {
  name: "app",
  ending: "js",
  parts: [afterPaint(htmx, "window.htmx=htmx", htmxSocket), live, app],
  minified: 1,
} satisfies Source;
const STYLES = [
  ...[appCss, controlsCss, panelsCss, chartsCss, listsCss, heroCss],
  ...[pagesCss, runCss, modelCss, dashboardCss, printCss],
];

const SOURCES = {
  // One bundle: as two deferred scripts the socket sometimes never opens. Our own part listens from the start.
  script: SCRIPT,
  embed: page("embed", embed),
  inspect: withFigures("inspect", inspect),
  model: withFigures("model", model),
  refused: page("refused", refused),
  replay: withFigures("replay", replay),
  run: withFigures("run", run),
  toasts: page("toasts", toasts),
  upload: page("upload", upload),
  style: { name: "app", ending: "css", parts: STYLES },
  icon: { name: "icon", ending: "svg", parts: [icon] },
} satisfies Record<string, Source>;

// The types know `minifyWhitespace` only.
const SMALLEST = { loader: "js", minify: { whitespace: true, syntax: true, identifiers: true } } as const;

function written({ ending, parts, minified = 0 }: Source): string {
  if (ending !== "js") return parts.join("\n");
  const transpiler = new Bun.Transpiler(SMALLEST);
  return parts.map((part, k) => (k < minified ? part : transpiler.transformSync(`${part}`))).join("\n;\n");
}

const TYPES: Record<Source["ending"], string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Of a content's own address it never changes; where pages elsewhere name the address it is asked for each hour. */
const FOR_EVER = "public, max-age=31536000, immutable";
const FOR_AN_HOUR = "public, max-age=3600";

type Coding = "br" | "gzip";
const CODINGS: Coding[] = ["br", "gzip"];
const COMPRESS: Record<Coding, (source: string) => Uint8Array<ArrayBuffer>> = {
  // Loaded when the first page asks: a server starts sooner without it.
  br: (source) => new Uint8Array(process.getBuiltinModule("node:zlib").brotliCompressSync(source)),
  gzip: (source) => Bun.gzipSync(source, { level: 9 }),
};
/** Minified and compressed when it is first asked for. */
function asset(source: Source, cacheControl = FOR_EVER): Asset {
  const headers = {
    "content-type": TYPES[source.ending],
    "cache-control": cacheControl,
    vary: "accept-encoding",
  };
  const compressed: Partial<Record<Coding, Uint8Array<ArrayBuffer>>> = {};
  let text: string | null = null;
  return {
    answer: (acceptEncoding) => {
      text ??= written(source);
      const coding = preferredCoding(acceptEncoding, CODINGS);
      if (!coding) return new Response(text, { headers });
      compressed[coding] ??= COMPRESS[coding](text);
      return new Response(compressed[coding], { headers: { ...headers, "content-encoding": coding } });
    },
  };
}

export const ASSETS = new Map<string, Asset>();

/** Path of each asset, without BASE_PATH. */
export const ASSET_PATHS = Object.fromEntries(
  Object.entries(SOURCES).map(([role, source]) => {
    const hash = new Bun.CryptoHasher("sha256").update(source.parts.join("\n")).digest("hex").slice(0, 10);
    const path = `/static/${source.name}-${hash}.${source.ending}`;
    ASSETS.set(path, asset(source));
    return [role, path];
  }),
) as Record<keyof typeof SOURCES, string>;

/** The one script whose address pages of other origins know. */
const PANEL_ELEMENT = "/static/signalbox-panel.js";
ASSETS.set(PANEL_ELEMENT, asset(page("signalbox-panel", panelElement), FOR_AN_HOUR));

/** What the standalone page of an exported model carries in itself. */
export function standaloneParts(module: string) {
  return { scripts: { module, page: `${figures}${standaloneScript}` }, style: `${standaloneCss}` };
}
