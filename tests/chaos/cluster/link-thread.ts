/** Runs links in a thread of their own: what viewers keep this process busy with does not delay the database's traffic. */
import { FaultyLink } from "./faulty-link.ts";
import type { LinkAnswer, LinkRequest } from "./remote-link.ts";

declare const self: Worker;

const links = new Map<number, FaultyLink>();

self.onmessage = async ({ data }: MessageEvent<LinkRequest>) => {
  const { call, link, action } = data;
  if (action === "open") links.set(link, await FaultyLink.open(data.target));
  else links.get(link)![action]();
  self.postMessage({ call, port: links.get(link)!.port } satisfies LinkAnswer);
};
