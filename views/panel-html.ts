/**
 * Puts a panel that is already drawn into a page unchanged, because `PanelView` escaped it. The only file in which a
 * string is used as HTML; never pass it anything else.
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Fragment } from "../core/live/live.ts";

/** `null`: its subject does not exist. `at`: fills in the reader's own URL. */
export function drawnPanel(fragment: Fragment | null, at: (html: string) => string): Child {
  return fragment && raw(at(fragment.html));
}
