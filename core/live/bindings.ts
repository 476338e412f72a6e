/** What brought a request: the server that it came to. */
import type { Server } from "bun";
import type { Viewer } from "./viewer.ts";

export interface Bindings {
  server?: Server<Viewer>;
  /** Its address, where only this machine can come: asking the server for it costs as much as a prediction. */
  peer?: string;
}
