/** Checks over minutes of pushes that memory stays level and no viewer is lost, one line a minute. */
import { fill } from "./live-filled.ts";
import { ourServer } from "./live-peers.ts";

const SETTLED_MINUTE = 5;

/** `live soak [minutes] [viewers] [pushes a second]` */
export async function run(args: string[]): Promise<void> {
  const [minutes, viewers, rate] = [Number(args[0] ?? 30), Number(args[1] ?? 1000), Number(args[2] ?? 4)];
  const { server, clients, usage, end } = await fill(ourServer("metrics"), viewers);
  let settled = 0;
  let highest = 0;
  const startedAt = performance.now();
  for (let minute = 1; minute <= minutes; minute++) {
    for (let push = 0; push < 60 * rate; push++) {
      server.say(String(push));
      await server.next();
      if (!("last" in (await clients.next()))) throw new Error("a viewer was cut off");
      const next = startedAt + ((minute - 1) * 60 + (push + 1) / rate) * 1000;
      await Bun.sleep(Math.max(0, next - performance.now()));
    }
    const { rssBytes, cpuMs } = await usage();
    highest = Math.max(highest, rssBytes);
    if (minute === Math.min(SETTLED_MINUTE, minutes)) settled = rssBytes;
    console.log(
      `minute ${minute}: ${(rssBytes / 1e6).toFixed(1)} MB, ${(cpuMs / 600).toFixed(1)} % of a core`,
    );
    if (minute < minutes) continue;
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(`${viewers} viewers, ${minutes * 60 * rate} pushes in ${seconds} s, none was cut`);
    console.log(`highest ${(highest / 1e6).toFixed(1)} MB`);
    console.log(`grown since minute ${SETTLED_MINUTE}: ${((rssBytes - settled) / 1e6).toFixed(1)} MB`);
  }
  await end();
}
