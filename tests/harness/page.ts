/**
 * A page without a browser: it keeps to the rules of static/live.js. It names its position when it connects, drops what
 * is not newer, and polls while its socket is down.
 */
export interface PageOptions {
  /** The base URL of its requests, with a trailing slash. */
  url: string;
  panels: string[];
  /** Log position of its first rendering; what it shows then is not known here. */
  epoch: string;
  seq: number;
}

interface Frame {
  control?: string;
  epoch: string;
  watermark: number;
  panels?: Record<string, number>;
  content?: string;
}

const RETRY_MS = 60;
const POLL_MS = 120;
/** A poll without an answer for this long is given up, as in a browser. */
const POLLED_MS = 10_000;

export class Page {
  readonly shown = new Map<string, string>();
  private seqs = new Map<string, number>();
  private epoch: string;
  /** It shows everything up to here. */
  position: number;
  private socket: WebSocket | null = null;
  private isHidden = false;
  private isClosed = false;
  private poller: Timer | null = null;
  polls = 0;
  openings = 0;

  constructor(private readonly options: PageOptions) {
    this.epoch = options.epoch;
    this.position = options.seq;
    this.pollSoon();
    this.open();
  }

  isLive(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  seqOf(panel: string): number {
    return this.seqs.get(panel) ?? this.options.seq;
  }

  /** A hidden tab closes its socket and requests nothing. */
  hide(): void {
    this.isHidden = true;
    this.socket?.close();
  }

  show(): void {
    this.isHidden = false;
    if (!this.isLive()) this.open();
  }

  close(): void {
    this.isClosed = true;
    if (this.poller) clearTimeout(this.poller);
    this.socket?.close();
  }

  private open(): void {
    if (this.isHidden || this.isClosed) return;
    const url = new URL("ws", this.options.url.replace("http", "ws"));
    url.searchParams.set("panels", this.options.panels.join(","));
    url.searchParams.set("since", String(this.position));
    url.searchParams.set("epoch", this.epoch);
    const socket = new WebSocket(url);
    this.socket?.close();
    this.socket = socket;
    socket.onopen = () => {
      this.openings += 1;
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.take(JSON.parse(data as string) as Frame);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = null;
      setTimeout(() => this.isLive() || this.open(), RETRY_MS);
    };
  }

  private take(frame: Frame): void {
    if (frame.control === "hello") {
      if (frame.epoch !== this.epoch) this.seqs = new Map();
      this.epoch = frame.epoch;
      this.position = frame.watermark;
      this.swap(frame);
      return;
    }
    const drawn = Object.entries(frame.panels ?? {});
    if (drawn.some(([panel, seq]) => seq > this.seqOf(panel))) this.swap(frame);
    this.position = Math.max(this.position, frame.watermark);
  }

  private swap({ panels, content = "" }: Frame): void {
    for (const [panel, seq] of Object.entries(panels ?? {})) this.seqs.set(panel, seq);
    const partials = /<hx-partial hx-target='\[id="(.+?)"\]' hx-swap="outerMorph">(.*?)<\/hx-partial>/gs;
    for (const [, panel, html] of content.matchAll(partials)) this.shown.set(panel!, html!);
  }

  /** One round after the other: a server that does not respond is asked no more than that. */
  private pollSoon(): void {
    if (this.isClosed) return;
    this.poller = setTimeout(() => void this.pollAll().finally(() => this.pollSoon()), POLL_MS);
  }

  private async pollAll(): Promise<void> {
    if (this.isHidden || this.isLive()) return;
    await Promise.all(this.options.panels.map((panel) => this.poll(panel)));
  }

  private async poll(panel: string): Promise<void> {
    const headers = { "if-none-match": `"${this.epoch}-${this.seqOf(panel)}-${panel}"` };
    // A server that is down breaks the connection: the next poll tries again.
    const signal = AbortSignal.timeout(POLLED_MS);
    const url = new URL(`panels/${panel}`, this.options.url);
    const answer = await fetch(url, { headers, signal }).catch(() => null);
    const html = await answer?.text().catch(() => null);
    if (answer?.status !== 200 || html == null || this.isLive()) return;
    const [, epoch, seq] = /"(\w+)-(\d+)-/.exec(answer.headers.get("etag")!)!;
    if (epoch === this.epoch && Number(seq) <= this.seqOf(panel)) return;
    this.polls += 1;
    this.seqs.set(panel, Number(seq));
    this.shown.set(panel, html);
  }
}
