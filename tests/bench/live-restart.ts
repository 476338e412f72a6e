/** Kills the server for two seconds and measures when all viewers are back, and how REST responds meanwhile. */
import { ServerProcess } from "../harness/process.ts";
import { quantile, talkTo } from "./live-processes.ts";

const DOWN_MS = 2000;

export async function run(args: string[]): Promise<void> {
  const viewers = Number(args[0] ?? 5000);
  const server = new ServerProcess({ MAX_SOCKETS: "20000", METRICS_SECONDS: "5" });
  await server.start();
  const url = `${server.url.replace("http", "ws")}ws?panels=metrics,health,activity,run,stages,datasets`;
  const clients = talkTo([process.execPath, `${import.meta.dir}/live-returning.ts`, url, String(viewers)]);
  await clients.next();
  await server.end("SIGKILL");
  await Bun.sleep(DOWN_MS);
  await server.start();
  const upAt = performance.timeOrigin + performance.now();
  const asked: number[] = [];
  let isBack = false;
  const asking = (async () => {
    while (!isBack) {
      const from = performance.now();
      await (await server.ask("/api/status")).json();
      asked.push(performance.now() - from);
      await Bun.sleep(20);
    }
  })();
  const { allAt } = (await clients.next()) as { allAt: number };
  isBack = true;
  await asking;
  await clients.end();
  await server.remove();
  console.log(
    `${viewers} viewers, ${DOWN_MS / 1000} s down: all back ${((allAt - upAt) / 1000).toFixed(2)} s after the start`,
  );
  const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(asked, share).toFixed(1));
  console.log(`REST meanwhile, ${asked.length} requests: p50 ${p50} ms, p99 ${p99} ms, worst ${worst} ms`);
}
