/** A TCP client that upgrades to a WebSocket and then reads only on command, which browsers cannot do. */
import { connect, type Socket } from "node:net";

export class RawClient {
  private constructor(
    private readonly socket: Socket,
    readonly status: number,
    private rest: Buffer,
  ) {}

  /** Resolves once the response to the upgrade has arrived; reading stops then. */
  static open(url: string, path: string): Promise<RawClient> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${Buffer.alloc(16, 7).toString("base64")}`,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("data", (chunk: Buffer) => {
        socket.pause();
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString("latin1"))?.[1]);
        resolve(new RawClient(socket, status, chunk.subarray(chunk.indexOf("\r\n\r\n") + 4)));
      });
    });
  }

  /** Reads to the end; resolves when the server has closed. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once("close", () => resolve());
      this.socket.on("error", () => {});
      this.socket.on("data", () => {});
      this.socket.resume();
    });
  }

  /** Text messages, with a rest of `pauseMs` after each chunk. Ends when the server closes. */
  async *messages(pauseMs: number): AsyncGenerator<string> {
    const chunks = this.socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const { frames, rest } = takeFrames(this.rest);
      this.rest = rest;
      yield* frames;
      const { value, done } = await chunks.next();
      if (done) return;
      await Bun.sleep(pauseMs);
      this.rest = Buffer.concat([this.rest, value]);
    }
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Whole unmasked frames (RFC 6455, 5.2); only text ones are given out. */
function takeFrames(bytes: Buffer): { frames: string[]; rest: Buffer } {
  const frames: string[] = [];
  let at = 0;
  while (bytes.length >= at + 4) {
    const short = bytes[at + 1]! & 127;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < at + header) break;
    const size =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length < at + header + size) break;
    if ((bytes[at]! & 15) === 1) frames.push(bytes.toString("utf8", at + header, at + header + size));
    at += header + size;
  }
  return { frames, rest: bytes.subarray(at) };
}
