/** Reads a page of the signed-in browsers, for the API and the settings. */
import type { Identity } from "../../http/identity/identity.ts";
import type { SessionView } from "../../http/identity/sessions.ts";
import { NEWEST } from "./list-data.ts";
import type { PanelSource } from "./panel-data.ts";

/** `cursor`: how many newer ones are left out; NEWEST: none. */
export function sessionPage(
  { signalbox, identity }: { signalbox: Pick<PanelSource, "sessions">; identity: Identity },
  { cursor, limit }: { cursor: number; limit: number },
): Promise<{ items: SessionView[]; next: number | null }> {
  return signalbox.sessions.page({ offset: cursor === NEWEST ? 0 : cursor, limit }, identity.credentials);
}
