/**
 * Reads the commands of the live bench in a server. A number on stdin: send it to all; "usage": print what it
 * costs.
 */
import { createInterface } from "node:readline";

/** In ms since 1970: when it began, and when the message was with the sockets. */
export interface Sent {
  at: number;
  sentAt: number;
}

/** Prints the port, then runs commands until stdin ends. */
export async function obey(
  port: number | undefined,
  send: (turn: number) => Sent | Promise<Sent>,
): Promise<void> {
  const say = (record: unknown) => process.stdout.write(`${JSON.stringify(record)}\n`);
  let cpu = process.cpuUsage();
  say({ port });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "usage") {
      say(await send(Number(line)));
      continue;
    }
    globalThis.gc?.();
    const used = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    say({ rssBytes: process.memoryUsage.rss(), cpuMs: (used.user + used.system) / 1000 });
  }
}

/** Milliseconds since 1970, finer than Date.now. */
export const now = () => performance.timeOrigin + performance.now();
