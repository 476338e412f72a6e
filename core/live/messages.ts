/**
 * Writes the messages to a page's socket. JSON that htmx's ws extension swaps in; the other fields are for live.js.
 */
import type { EventLog } from "../events/event-log.ts";
import type { PanelKey } from "../events/panel-names.ts";
import { partsOf } from "./audiences.ts";
import type { Drawing } from "./live.ts";

/**
 * A placeholder in a drawing for the URL that its reader uses: it is drawn once for all. Nobody can register this host
 * name.
 */
export const ANY_ORIGIN = "http://origin.invalid";

/** The drawing for all viewers, with the origin of one group filled in. */
export function forOrigin(text: string, origin: string): string {
  return text.replaceAll(ANY_ORIGIN, () => origin);
}

interface Greeting {
  origin: string;
  /** "truncated": the viewer's position means nothing here; it gets all of its panels. */
  kind: "whole" | "truncated";
  /** The lowest position that its drawings show. */
  seq: number;
}

/** The last greeting for each list of panels: after a restart thousands of viewers need the same one. */
const GREETINGS_KEPT = 20;

export class Greetings {
  private readonly made = new Map<string, { seqs: string; message: string }>();

  constructor(private readonly log: EventLog) {}

  message(drawings: Drawing[], { origin, kind, seq }: Greeting): string {
    // What is gone for one viewer may be there for another.
    const list = `${kind},${origin},${drawings.map(({ key, html }) => (html === null ? `${key}!` : key)).join(",")}`;
    const seqs = `${seq},${drawings.map(({ seq }) => seq).join(",")}`;
    const known = this.made.get(list);
    if (known?.seqs === seqs) return known.message;
    const message = forOrigin(helloMessage(this.log.epoch, drawings, { kind, seq }), origin);
    if (this.made.size >= GREETINGS_KEPT) this.made.clear();
    this.made.set(list, { seqs, message });
    return message;
  }
}

/** One message brings the viewer up to date: a cut between several could lose a panel. */
function helloMessage(
  epoch: string,
  drawings: Drawing[],
  { kind, seq }: Pick<Greeting, "kind" | "seq">,
): string {
  const position = { epoch, seq, watermark: seq, truncated: kind === "truncated" };
  return JSON.stringify({ control: "hello", ...position, ...contentOf(drawings) });
}

/** What was drawn at one moment. `watermark`: every watched panel has been drawn for all events up to it. */
export function drawingsMessage(epoch: string, drawings: Drawing[], watermark: number): string {
  return JSON.stringify({ epoch, watermark, ...contentOf(drawings) });
}

/** Reports that the connection is alive. */
export function tickMessage(watermark: number): string {
  return JSON.stringify({ control: "tick", watermark });
}

interface Content {
  /** The log position of each. */
  panels: Record<string, number>;
  /** Panels whose subject was deleted: the page shows a note instead. */
  gone?: PanelKey[];
  content?: string;
}

function contentOf(drawings: Drawing[]): Content {
  const panels = Object.fromEntries(drawings.map(({ key, seq }) => [partsOf(key).key, seq]));
  const gone = drawings.filter(({ html }) => html === null).map(({ key }) => partsOf(key).key);
  const content = drawings.map(partial).join("");
  return { panels, ...(gone.length && { gone }), ...(content && { content }) };
}

function partial({ key, html }: Drawing): string {
  if (html === null) return "";
  return `<hx-partial hx-target='[id="${partsOf(key).key}"]' hx-swap="outerMorph">${html}</hx-partial>`;
}
