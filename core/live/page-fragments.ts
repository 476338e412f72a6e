/** Draws the panels of a page as its viewer may see them. */
import type { PanelKey } from "../events/panel-names.ts";
import type { Privacy, ViewScope } from "../events/privacy.ts";
import { drawingFor } from "./audiences.ts";
import type { Fragment, Live } from "./live.ts";

/** Null if a panel's subject is deleted, or hidden from the viewer. Throws what drawing throws. */
export async function fragmentFor(
  live: Live,
  key: PanelKey,
  seen: { viewScope: ViewScope; privacy: Privacy },
): Promise<Fragment | null> {
  if (seen.privacy.settled !== null) await seen.privacy.settled;
  const drawing = drawingFor(key, seen);
  return drawing === null ? null : live.fragment(drawing);
}

/** The panels of a page, with the light in the header, which a page does without if it cannot be drawn. */
export async function pageFragments(
  live: Live,
  panels: readonly PanelKey[],
  seen: { viewScope: ViewScope; privacy: Privacy; failed: (error: unknown) => void },
): Promise<Map<PanelKey, Fragment | null>> {
  const light = fragmentFor(live, "health", seen).catch((error: unknown) => {
    seen.failed(error);
    return null;
  });
  const drawn = panels.map(async (key) => [key, await fragmentFor(live, key, seen)] as const);
  return new Map<PanelKey, Fragment | null>([...(await Promise.all(drawn)), ["health", await light]]);
}
