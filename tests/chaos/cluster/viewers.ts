/** A crowd of viewers: some are whole pages that can be compared with a fresh one, the rest only say how far they are. */
import { Page } from "../../harness/page.ts";

export const PANELS = ["datasets", "activity", "metrics", "models"];
/** Panels whose drawings differ by what happened alone. */
export const SETTLED = ["datasets", "activity", "models"];

/** As htmx reconnects the pages' sockets, by the setting in the layout: each attempt waits twice as long as the last. */
const RETRY_MS = 500;
const MOST_RETRY_MS = 1000;
const JITTER = 0.3;

/** Knows its position and nothing else. */
class LightViewer {
  position = 0;
  private epoch = "none";
  private isClosed = false;
  private attempts = 0;
  private socket: WebSocket | null = null;

  constructor(private readonly url: string) {
    this.open();
  }

  close(): void {
    this.isClosed = true;
    this.socket?.close();
  }

  private open(): void {
    if (this.isClosed) return;
    const query = `panels=metrics,activity&since=${this.position}&epoch=${this.epoch}`;
    const socket = new WebSocket(`${this.url.replace("http", "ws")}ws?${query}`);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      const text = data as string;
      const [, watermark] = /"watermark":(\d+)/.exec(text) ?? [];
      const [, epoch] = /"epoch":"(\w+)"/.exec(text) ?? [];
      if (epoch) this.epoch = epoch;
      if (watermark) this.position = Math.max(this.position, Number(watermark));
    };
    socket.onopen = () => {
      this.attempts = 0;
    };
    socket.onclose = () => setTimeout(() => this.open(), this.waitMs());
  }

  private waitMs(): number {
    const wait = Math.min(RETRY_MS * 2 ** this.attempts++, MOST_RETRY_MS);
    return wait * (1 + JITTER * (2 * Math.random() - 1));
  }
}

export class Crowd {
  readonly pages: Page[];
  private readonly light: LightViewer[];

  constructor(url: string, size: { pages: number; light: number }) {
    const newcomer = { url, panels: PANELS, epoch: "none", seq: 0 };
    this.pages = Array.from({ length: size.pages }, () => new Page(newcomer));
    this.light = Array.from({ length: size.light }, () => new LightViewer(url));
  }

  get size(): number {
    return this.pages.length + this.light.length;
  }

  /** How many do not know what the log had at `seq`. */
  late(seq: number): number {
    const pages = this.pages.filter((page) => page.position < seq).length;
    return pages + this.light.filter(({ position }) => position < seq).length;
  }

  /** Pages that show something else than `html`, a fresh page, does. */
  different(html: string): number {
    return this.pages.filter((page) => SETTLED.some((panel) => !html.includes(page.shown.get(panel) ?? "\0")))
      .length;
  }

  close(): void {
    for (const viewer of [...this.pages, ...this.light]) viewer.close();
  }
}
