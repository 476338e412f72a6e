/** What every page and panel needs besides its data: URLs and the position of its rendering. */
import type { Child } from "hono/jsx";
import type { PanelKey } from "../../core/events/panel-names.ts";

export interface Links {
  /** Path prefix, "" or for example "/tools/signalbox": every URL is made by `url`. */
  base: string;
  /** Origin as people see it, for curl commands: "http://127.0.0.1:8000". */
  origin: string;
  /** The beginning of a command to paste: "curl", with the header for a token if one is needed. */
  curl: string;
}

export interface PageContext {
  links: Links;
  /** Log position of this rendering: live.js continues from here. */
  epoch: string;
  seq: number;
  version: string;
  /** Paths of the bundles, with a content hash in the name: "/static/app-1a2b3c.js"; turned into URLs by `url`. */
  assets: Record<
    | "script"
    | "style"
    | "icon"
    | "embed"
    | "inspect"
    | "refused"
    | "replay"
    | "run"
    | "model"
    | "toasts"
    | "upload",
    string
  >;
  /** The reader's choice (the cookie "theme"); absent: the system's theme. */
  theme?: "light" | "dark";
  viewer: Viewer;
  /** One of the page's `panels`, drawn once for all viewers. */
  panel: (key: PanelKey) => Child;
}

/** The signed-in user; empty if sign-in is off. */
export interface Viewer {
  name: string;
  /** The user's scopes, as words in one text: "read predict". Buttons that need others are not shown. */
  may: string;
  canSignOut: boolean;
}

export function url(links: Links, path: string): string {
  return `${links.base}${path}`;
}

/** A theme by name; null for any other text: then the system decides. */
export function chosenTheme(name: string | undefined): "light" | "dark" | null {
  return name === "light" || name === "dark" ? name : null;
}
