/** A page of another origin: what a portal would show, served by a server of its own. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Portal {
  /** Another site than 127.0.0.1, and another origin. */
  origin: string;
  /** What its one page holds from now on. */
  show: (body: string) => void;
  stop: () => Promise<void>;
}

export async function startPortal(): Promise<Portal> {
  let body = "";
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      `<!DOCTYPE html><html lang="en"><title>Portal</title><main><h1>Portal</h1>${body}</main></html>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    show: (html) => {
      body = html;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
