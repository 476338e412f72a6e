/** What every page and panel needs beside its data: addresses and the position of its rendering. */

export interface Links {
  /** Path prefix, "" or such as "/tools/signalbox": every URL is made by `url`. */
  base: string;
  /** Origin as people see it, for curl lines: "http://127.0.0.1:8000". */
  origin: string;
}

export interface Frame {
  links: Links;
  /** Position of this rendering in the log: live.js goes on from here. */
  epoch: string;
  seq: number;
  version: string;
  /** Content-hashed names of the bundles: "/static/app-1a2b3c.js". */
  assets: { script: string; style: string; icon: string };
}

export function url(links: Links, path: string): string {
  return `${links.base}${path}`;
}
