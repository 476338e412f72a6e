/** A link to a service that fails on demand, in a thread of its own; each method resolves when it is in force. */
import type { FaultyLink } from "./faulty-link.ts";

type Action = "cut" | "stall" | "deafen" | "fail" | "cutAnswers" | "heal";
type Target = Parameters<typeof FaultyLink.open>[0];

export type LinkRequest = { call: number; link: number } & (
  | { action: "open"; target: Target }
  | { action: Action }
);

export interface LinkAnswer {
  call: number;
  port: number;
}

/** Links of one thread. */
export class LinkThread {
  private readonly thread = new Worker(new URL("./link-thread.ts", import.meta.url).href);
  private readonly calls = new Map<number, (answer: LinkAnswer) => void>();
  private calledLast = 0;
  private linkLast = 0;

  constructor() {
    this.thread.onmessage = ({ data }: MessageEvent<LinkAnswer>) => {
      this.calls.get(data.call)?.(data);
      this.calls.delete(data.call);
    };
  }

  async open(target: Target): Promise<RemoteLink> {
    const link = ++this.linkLast;
    const { port } = await this.ask({ link, action: "open", target });
    return new RemoteLink(port, (action) => this.ask({ link, action }));
  }

  stop(): void {
    this.thread.terminate();
  }

  private ask(
    asked: { link: number; action: "open"; target: Target } | { link: number; action: Action },
  ): Promise<LinkAnswer> {
    const call = ++this.calledLast;
    const { promise, resolve } = Promise.withResolvers<LinkAnswer>();
    this.calls.set(call, resolve);
    this.thread.postMessage({ call, ...asked } satisfies LinkRequest);
    return promise;
  }
}

export class RemoteLink {
  constructor(
    readonly port: number,
    private readonly ask: (action: Action) => Promise<unknown>,
  ) {}

  async cut(): Promise<void> {
    await this.ask("cut");
  }

  /** Nothing gets through, and nobody is notified. */
  async stall(): Promise<void> {
    await this.ask("stall");
  }

  /** Open connections receive nothing any more; new ones work. */
  async deafen(): Promise<void> {
    await this.ask("deafen");
  }

  async fail(): Promise<void> {
    await this.ask("fail");
  }

  async cutAnswers(): Promise<void> {
    await this.ask("cutAnswers");
  }

  async heal(): Promise<void> {
    await this.ask("heal");
  }
}
