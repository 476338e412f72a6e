/** Identifies the server that a request came to. */
import type { Server } from "bun";
import type { Viewer } from "./viewer.ts";

export interface Bindings {
  server?: Server<Viewer>;
  /** Set if the server listens on loopback only: asking it for the client's address costs as much as a prediction. */
  peer?: string;
}
