/** Compares the live core with others. `live [viewers] [broadcasts]` compares broadcasts; the rest are named below. */
import { compare } from "./live-compare.ts";

const BROADCASTS = 200;

interface Bench {
  run: (args: string[]) => Promise<void>;
}

const BENCHES: Record<string, () => Promise<Bench>> = {
  /** [sockets]: memory of one. */
  idle: () => import("./live-idle.ts"),
  /** [viewers]: killed, two seconds down. */
  restart: () => import("./live-restart.ts"),
  /** [events]: append and replay. */
  log: () => import("./live-log.ts"),
  /** [seconds]: messages to 100 viewers, beside the prototype's. */
  storm: () => import("./live-storm.ts"),
  /** [minutes] [viewers] [pushes a second]: memory over time. */
  soak: () => import("./live-soak.ts"),
};

export async function run(args: string[]): Promise<void> {
  const [what = "1000", ...rest] = args;
  const bench = BENCHES[what];
  if (bench) return (await bench()).run(rest);
  if (!(Number(what) > 0))
    throw new Error(`live takes a number of viewers, or ${Object.keys(BENCHES).join(", ")}`);
  await compare(Number(what), Number(rest[0] ?? BROADCASTS));
}
