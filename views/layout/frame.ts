/** What every page and panel needs beside its data: addresses and the position of its rendering. */
import type { Child } from "hono/jsx";
import type { PanelKey } from "../../core/events/panel-names.ts";

export interface Links {
  /** Path prefix, "" or such as "/tools/signalbox": every URL is made by `url`. */
  base: string;
  /** Origin as people see it, for curl lines: "http://127.0.0.1:8000". */
  origin: string;
  /** How a command to paste begins: "curl", with the header of a token where one is needed. */
  curl: string;
}

export interface Frame {
  links: Links;
  /** Position of this rendering in the log: live.js goes on from here. */
  epoch: string;
  seq: number;
  version: string;
  /** Paths of the bundles, their content hashed into the name: "/static/app-1a2b3c.js"; made URLs by `url`. */
  assets: Record<
    "script" | "style" | "icon" | "embed" | "inspect" | "replay" | "run" | "model" | "toasts" | "upload",
    string
  >;
  /** What the reader chose by the switch (the cookie "theme"); absent: as the system. */
  theme?: "light" | "dark";
  viewer: Viewer;
  /** One of the page's `panels`, drawn once for all who look at it. */
  drawn: (key: PanelKey) => Child;
}

/** Who looks at it; empty where nobody signs in. */
export interface Viewer {
  name: string;
  /** What it may do, as words in one text: "read predict". Buttons that need more are not shown. */
  may: string;
  canSignOut: boolean;
}

export function url(links: Links, path: string): string {
  return `${links.base}${path}`;
}

/** A theme by name; null where it is not one: then the system decides. */
export function chosenTheme(name: string | undefined): "light" | "dark" | null {
  return name === "light" || name === "dark" ? name : null;
}
