/**
 * A TCP connection to a service that fails on demand: it stalls, is cut, responds to HTTP requests with 500, or ends in
 * the middle of a response.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

/** How many bytes of a response arrive before it is cut. */
const CUT_AFTER_BYTES = 2000;
const FAILURE = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

type Mode = "open" | "stalled" | "failing" | "cutting";

interface Pair {
  client: Socket;
  upstream: Socket;
  /** It stays so, whatever the link does. */
  isDeaf: boolean;
}

export class FaultyLink {
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private mode: Mode = "open";

  private constructor(private readonly target: { host: string; port: number }) {
    this.server = createServer((client) => this.join(client));
  }

  static async open(target: { host: string; port: number }): Promise<FaultyLink> {
    const link = new FaultyLink(target);
    await new Promise<void>((resolve) => link.server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  cut(): void {
    for (const { client, upstream } of this.pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  /** Nothing gets through, and nobody is notified. */
  stall(): void {
    this.mode = "stalled";
    for (const { client, upstream } of this.pairs) {
      client.pause();
      upstream.pause();
    }
  }

  /** Open connections receive nothing any more; new ones work. */
  deafen(): void {
    for (const pair of this.pairs) {
      pair.isDeaf = true;
      pair.client.pause();
      pair.upstream.pause();
    }
  }

  fail(): void {
    this.mode = "failing";
  }

  cutAnswers(): void {
    this.mode = "cutting";
  }

  heal(): void {
    this.mode = "open";
    for (const { client, upstream, isDeaf } of this.pairs) {
      if (isDeaf) continue;
      client.resume();
      upstream.resume();
    }
  }

  private join(client: Socket): void {
    const upstream = connect(this.target.port, this.target.host);
    const pair = { client, upstream, isDeaf: false };
    this.pairs.add(pair);
    let answered = 0;
    client.on("data", (chunk) => {
      if (this.mode === "failing") return void client.end(FAILURE);
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      answered += chunk.length;
      client.write(chunk);
      if (this.mode === "cutting" && answered > CUT_AFTER_BYTES) client.destroy();
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on("error", () => {
        // Its end follows.
      });
      socket.on("close", () => {
        this.pairs.delete(pair);
        other.destroy();
      });
    }
    if (this.mode === "stalled") {
      client.pause();
      upstream.pause();
    }
  }
}
