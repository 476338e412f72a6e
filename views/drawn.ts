/**
 * Puts a panel that is already drawn into a page unchanged, because `PanelView` escaped it. The only file where
 * HTML is taken as HTML; never give it anything else.
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Fragment } from "../core/live/live.ts";

/** `null`: its subject is gone. `at`: fills in what is the reader's own. */
export function drawnPanel(fragment: Fragment | null, at: (html: string) => string): Child {
  return fragment && raw(at(fragment.html));
}
