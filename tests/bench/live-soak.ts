/** Does memory stay where it is, and every viewer there? Minutes of pushes, one line a minute. */
import { fill } from "./live-compare.ts";
import { ourServer } from "./live-peers.ts";

const SETTLED_MINUTE = 5;

/** `live soak [minutes] [viewers] [pushes a second]` */
export async function run(args: string[]): Promise<void> {
  const [minutes, viewers, rate] = [Number(args[0] ?? 30), Number(args[1] ?? 1000), Number(args[2] ?? 4)];
  const { server, clients, usage, end } = await fill(ourServer("metrics"), viewers);
  let settled = 0;
  let highest = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const until = performance.now() + 60_000;
    let pushes = 0;
    for (; performance.now() < until; pushes++) {
      server.say(String(pushes));
      await server.next();
      if (!("last" in (await clients.next()))) throw new Error("a viewer was cut off");
      await Bun.sleep(1000 / rate);
    }
    const { rssBytes, cpuMs } = await usage();
    highest = Math.max(highest, rssBytes);
    if (minute === Math.min(SETTLED_MINUTE, minutes)) settled = rssBytes;
    console.log(
      `minute ${minute}: ${(rssBytes / 1e6).toFixed(1)} MB, ${(cpuMs / 600).toFixed(1)} % of a core, ${pushes} pushes`,
    );
    if (minute < minutes) continue;
    console.log(`${viewers} viewers, none was cut; highest ${(highest / 1e6).toFixed(1)} MB`);
    console.log(`grown since minute ${SETTLED_MINUTE}: ${((rssBytes - settled) / 1e6).toFixed(1)} MB`);
  }
  await end();
}
