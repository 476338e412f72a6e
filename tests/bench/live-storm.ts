/** Counts the messages that 100 idle viewers of the dashboard get. The prototype sent 82,106 in 30 s. */

import { ServerProcess } from "../harness/process.ts";
import { DASHBOARD } from "./live-idle.ts";

const VIEWERS = 100;
const PROTOTYPE_IN_30_S = 82_106;

/** `live storm [seconds]` */
export async function run(args: string[]): Promise<void> {
  const seconds = Number(args[0] ?? 30);
  const server = new ServerProcess({ METRICS_SECONDS: "5" });
  await server.start();
  let messages = 0;
  let bytes = 0;
  const sockets = Array.from({ length: VIEWERS }, () => server.socket(`panels=${DASHBOARD}`));
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.onmessage = () => resolve();
        }),
    ),
  );
  for (const socket of sockets) {
    socket.onmessage = ({ data }) => {
      messages += 1;
      bytes += (data as string).length;
    };
  }
  await Bun.sleep(seconds * 1000);
  for (const socket of sockets) socket.close();
  await server.remove();
  const prototype = (PROTOTYPE_IN_30_S * seconds) / 30;
  console.log(`${VIEWERS} viewers, ${seconds} s: ${messages} messages, ${(bytes / 1e6).toFixed(1)} MB`);
  console.log(
    `the prototype in that time: ${Math.round(prototype)}; ours ${(messages / prototype).toFixed(3)} of it`,
  );
}
