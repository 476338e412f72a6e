/** Draws a panel in other formats than HTML: as SVG (a chart if the panel is one, else a badge) and as text. */

import type { Panel, PanelKey } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { PanelTable } from "../../core/routes/data/panel-table.ts";
import { type ChartDrawing, ChartSvg } from "../charts/chart-svg.tsx";
import type { Links } from "../layout/page-context.ts";
import { EMPTY_WORDS, loadedPanel, PANEL_TITLES } from "../panels.tsx";
import { figure, plural } from "../parts/format.ts";
import { curveDrawing } from "../run/training.tsx";
import { BADGES, BadgeSvg } from "./badge.tsx";

/** `links`: with absolute URLs, for a fragment on a page of another origin. */
export function panelForms(links: Links) {
  return {
    fragment: async <P extends Panel>(key: PanelKey, panel: P, data: PanelData[P] | null) =>
      `${await loadedPanel({ panelKey: key, panel, data, links })}`,
    svg: panelSvg,
    text: panelText,
  };
}

type Known<P extends Panel> = NonNullable<PanelData[P]>;

/** The panels that are charts; null: nothing to draw yet. */
const CHARTS: { [P in Panel]?: (data: Known<P>) => ChartDrawing | null } = {
  curve: ({ rounds }) => curveDrawing(rounds),
  predictions: ({ perMinute }) => {
    const total = perMinute.reduce((sum, { predictions }) => sum + predictions, 0);
    const points = perMinute.map(
      ({ predictions }, index) => [index + 1 - perMinute.length, predictions] as const,
    );
    return {
      sentence: `${plural(total, "prediction")} in the last hour, by minute`,
      series: [{ name: "Predictions per minute", kind: "main", points }],
      xLabel: "minute",
      yLabel: "predictions",
    };
  },
};

/** A whole SVG document; `data` null: there is nothing yet. */
function panelSvg<P extends Panel>(panel: P, data: PanelData[P] | null, theme: "light" | "dark"): string {
  const known = data as Known<P> | null;
  const drawing = known && CHARTS[panel]?.(known);
  if (drawing) return `${ChartSvg({ drawing, theme })}`;
  const nothing = { label: PANEL_TITLES[panel].toLowerCase(), value: "nothing yet", lamp: "dark" } as const;
  return `${BadgeSvg(known ? BADGES[panel](known) : nothing)}`;
}

/** A summary line, then the rows in columns. */
function panelText<P extends Panel>(panel: P, data: PanelData[P] | null, table: PanelTable): string {
  if (data === null) return `${PANEL_TITLES[panel].toUpperCase()}  ${EMPTY_WORDS[panel]}\n`;
  const { label, value } = BADGES[panel](data as Known<P>);
  const cells = [table.columns.map(String), ...table.rows.map((row) => row.map(cellText))];
  const widths = table.columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = table.rows.length
    ? cells.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd())
    : [`  ${EMPTY_WORDS[panel]}`];
  return `${[`${PANEL_TITLES[panel].toUpperCase()}  ${label}: ${value}`, ...lines].join("\n")}\n`;
}

/** Text that is safe in a terminal: control characters in file names are removed. */
function cellText(cell: string | number | boolean | null): string {
  if (typeof cell === "number" && !Number.isInteger(cell)) return figure(cell);
  return String(cell ?? "-").replace(/\p{Cc}/gu, "");
}
