/**
 * Responds to a request for one panel: as HTML for htmx, as JSON, SVG, text or CSV by the ending of its address; each
 * with its log position as ETag, so that a client with the present one is sent nothing.
 */

import { type CsvValue, writeRow } from "../../csv/write.ts";
import { findPanel, PANELS, type Panel, type PanelKey, panelKey } from "../../events/panel-names.ts";
import { wantedForm } from "../../http/negotiate.ts";
import { positionAnswer } from "../../http/responses.ts";
import type { Live } from "../../live/live.ts";
import { forOrigin } from "../../live/messages.ts";
import { fragmentFor } from "../../live/page-fragments.ts";
import { AppError } from "../../platform/errors.ts";
import type { Call } from "../api/route.ts";
import { type PanelData, READERS } from "../data/panel-data.ts";
import { PANEL_TABLES, type PanelTable } from "../data/panel-table.ts";

/** What the views draw; core imports no HTML. */
export interface PanelViews {
  /** With absolute URLs, for a page of another origin. */
  fragment: <P extends Panel>(key: PanelKey, panel: P, data: PanelData[P] | null) => Promise<string>;
  svg: <P extends Panel>(panel: P, data: PanelData[P] | null, theme: "light" | "dark") => string;
  text: <P extends Panel>(panel: P, data: PanelData[P] | null, table: PanelTable) => string;
}

const TYPES = {
  html: "text/html; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};
type Ending = keyof typeof TYPES;

/** Throws AppError `missing`. */
export async function panelAnswer(call: Call, live: Live, views: PanelViews): Promise<Response> {
  const { signalbox, request, query } = call;
  const [, name, ending = wantedForm(request) === "json" ? "json" : "html"] = /^([^.]*)(?:\.(.*))?$/.exec(
    call.params.panel!,
  )!;
  const { panel, subject } = findPanel(name!, query.of);
  if (!Object.hasOwn(TYPES, ending)) {
    throw new AppError("missing", `The panel ${panel} is not available as .${ending}`, {
      fix: `Use .json, .svg, .txt or .csv, or no ending for HTML.`,
    });
  }
  const key = panelKey(panel, subject);
  const answer = (body: string, seq = signalbox.log.lastSeq) =>
    positionAnswer(request, signalbox.log.epoch, {
      ...{ key, body, seq, type: TYPES[ending as Ending] },
      isStaleSince: (since) => live.isStaleSince(key, since),
    });
  if (ending === "html" && !isForeign(call)) {
    const fragment = await fragmentFor(live, key, signalbox);
    if (fragment) return answer(forOrigin(fragment.html, originOf(call)), fragment.seq);
  }
  refuseHiddenPanel(signalbox, panel, subject);
  const data = await READERS[panel](signalbox, subject);
  if (data === null && subject !== null) throw new AppError("missing", `No ${panel} exists for ${subject}`);
  return answer(await write(ending as Ending, { key, panel, data, theme: query.theme }, views));
}

/** Throws AppError `missing` if the panel's subject is private to others. */
export function refuseHiddenPanel(
  { privacy, viewScope }: Call["signalbox"],
  panel: Panel,
  subject: string | null,
): void {
  const kind = PANELS[panel];
  if (kind === null || subject === null || privacy.sees(viewScope, kind, subject)) return;
  throw new AppError("missing", `No ${panel} exists for ${subject}`);
}

function originOf({ signalbox, home }: Call): string {
  return home.slice(0, home.length - signalbox.config.BASE_PATH.length);
}

/** A page of another origin needs absolute URLs. */
function isForeign({ request, home }: Call): boolean {
  const origin = request.headers.get("origin");
  return origin !== null && origin !== new URL(home).origin;
}

async function write<P extends Panel>(
  ending: Ending,
  shown: { key: PanelKey; panel: P; data: PanelData[P] | null; theme: string | undefined },
  views: PanelViews,
): Promise<string> {
  const { key, panel, data, theme } = shown;
  if (ending === "json") return JSON.stringify(data);
  if (ending === "html") return views.fragment(key, panel, data);
  if (ending === "svg") return views.svg(panel, data, theme === "dark" ? "dark" : "light");
  const table: PanelTable =
    data === null ? { columns: [], rows: [] } : PANEL_TABLES[panel](data as NonNullable<PanelData[P]>);
  if (ending === "txt") return views.text(panel, data, table);
  return [table.columns as CsvValue[], ...table.rows].map(writeRow).join("");
}
