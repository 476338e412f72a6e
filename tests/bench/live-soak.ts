/** Does memory stay where it is? Viewers for minutes at four pushes a second, one line a minute. */
import { ourServer } from "./live.ts";
import { talkTo } from "./live-processes.ts";

const PUSH_MS = 250;

/** `live soak [minutes] [viewers]` */
export async function run(args: string[]): Promise<void> {
  const [minutes, viewers] = [Number(args[0] ?? 30), Number(args[1] ?? 1000)];
  const peer = ourServer();
  const server = talkTo(peer.command);
  const { port } = await server.next();
  const url = `ws://127.0.0.1:${port}${peer.path}`;
  const clients = talkTo([process.execPath, `${import.meta.dir}/live-viewers.ts`, url, String(viewers)]);
  while (!("opened" in (await clients.next())));
  let settled = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    for (let push = 0; push < 60_000 / PUSH_MS; push++) {
      server.say(String(push));
      await server.next();
      await clients.next();
      await Bun.sleep(PUSH_MS);
    }
    server.say("usage");
    const { rssBytes } = (await server.next()) as { rssBytes: number };
    if (minute === Math.min(5, minutes)) settled = rssBytes;
    console.log(`minute ${minute}: ${(rssBytes / 1e6).toFixed(1)} MB`);
    if (minute === minutes)
      console.log(`grown since minute 5: ${((rssBytes - settled) / 1e6).toFixed(1)} MB`);
  }
  await Promise.all([clients.end(), server.end()]);
}
