/** Checks that a client away for longer than the log is retained is told so, and gets the present state. */
import { expect, test } from "bun:test";
import { trimEvents } from "../../../core/store/log.ts";
import { openSocketServer } from "../../harness/socket-server.ts";

interface Hello {
  seq: number;
  truncated: boolean;
  panels?: Record<string, number>;
}

test("a viewer or reader older than the retained log is told so; a newer one gets only what it missed", async () => {
  const server = await openSocketServer({ drawingBytes: 1 });
  const { log, store } = server;
  for (let i = 0; i < 20; i++) await log.append("metrics.sampled", { values: {} });
  await trimEvents(store, { before: 0, keep: 5, limit: 1000 });
  const hello = (query: string, since: number) =>
    new Promise<Hello>((resolve) => {
      const socket = new WebSocket(`${server.url}/ws?${query}&since=${since}&epoch=${log.epoch}`);
      socket.onmessage = ({ data }) => {
        resolve(JSON.parse(data as string) as Hello);
        socket.close();
      };
    });
  expect(await hello("panels=metrics,datasets", 14)).toMatchObject({
    truncated: true,
    panels: { metrics: 20, datasets: 20 },
  });
  expect(await hello("panels=metrics,datasets", 15)).toMatchObject({
    truncated: false,
    panels: { metrics: 20 },
  });
  expect(await hello("format=json", 14)).toMatchObject({ truncated: true, seq: 20 });
  expect(await hello("format=json", 15)).toMatchObject({ truncated: false, seq: 20 });
  server.close();
});
