/**
 * Names the drawings of panels. A panel that shows several items is drawn once per audience, because other people's
 * private items are not in it; a panel about one run, dataset or model is the same for everybody who may see it.
 */
import { PANELS, type Panel, type PanelKey, parsePanelKey } from "../events/panel-names.ts";
import type { Audience, Privacy, ViewScope } from "../events/privacy.ts";

/** A panel's key, and the audience that it is drawn for, if not for all. */
export type DrawingKey = PanelKey | `${PanelKey}@${Audience}`;

/** They show nothing that could be private. */
const SAME_FOR_ALL: ReadonlySet<Panel> = new Set(["connection", "history"]);
/** Lists, although they have a subject. */
const LISTS: ReadonlySet<Panel> = new Set(["runs"]);

/** What one viewer is shown as this panel; null: its subject is hidden from that viewer. */
export function drawingFor(
  key: PanelKey,
  { viewScope, privacy }: { viewScope: ViewScope; privacy: Privacy },
): DrawingKey | null {
  const { panel, subject } = parsePanelKey(key)!;
  const kind = PANELS[panel];
  if (subject !== null && kind !== null && !privacy.sees(viewScope, kind, subject)) return null;
  const isShared = SAME_FOR_ALL.has(panel) || (subject !== null && !LISTS.has(panel));
  const audience = isShared ? "" : privacy.audienceOf(viewScope);
  return audience === "" ? key : `${key}@${audience}`;
}

/** The panel that is drawn, and for whom. */
export function partsOf(drawing: DrawingKey): { key: PanelKey; audience: Audience } {
  const at = drawing.indexOf("@");
  if (at < 0) return { key: drawing as PanelKey, audience: "" };
  return { key: drawing.slice(0, at) as PanelKey, audience: drawing.slice(at + 1) };
}
