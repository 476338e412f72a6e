/**
 * A network that misbehaves on demand: it stalls some of the bytes, cuts every connection, forbids sockets, or lets nobody
 * through.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

export class BadNetwork {
  private readonly server: Server;
  private readonly pairs = new Set<Socket>();
  isDown = false;
  /** As some proxies: requests pass, upgrades do not. */
  forbidsSockets = false;

  private constructor(
    /** Where the next connection goes. */
    private readonly target: () => string,
    /** Milliseconds by which the next chunk is delayed. */
    private readonly delayMs: () => number,
  ) {
    this.server = createServer((client) => this.join(client));
  }

  /** `to`: one server, or for each connection another. */
  static async open(to: string | (() => string), delayMs: () => number): Promise<BadNetwork> {
    const network = new BadNetwork(typeof to === "string" ? () => to : to, delayMs);
    await new Promise<void>((resolve) => network.server.listen(0, "127.0.0.1", resolve));
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}/`;
  }

  cut(): void {
    for (const socket of this.pairs) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private join(client: Socket): void {
    if (this.isDown) return void client.destroy();
    const { hostname, port } = new URL(this.target());
    const upstream = connect(Number(port), hostname);
    client.on("data", (chunk) => {
      if (this.forbidsSockets && /^upgrade: websocket/im.test(chunk.toString("latin1"))) client.destroy();
    });
    this.forward(client, upstream);
    this.forward(upstream, client);
  }

  /** Chunks keep their order: a delayed one delays those behind it. */
  private forward(from: Socket, to: Socket): void {
    this.pairs.add(from);
    let before = Promise.resolve();
    from.on("data", (chunk) => {
      const delay = this.delayMs();
      before = before
        .then(() => (delay > 0 ? Bun.sleep(delay) : undefined))
        .then(() => void (to.destroyed || to.write(chunk)));
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.pairs.delete(from);
      void before.then(() => to.destroy());
    });
  }
}
