/** What can go wrong in a cluster, one entry each. A fault is over when what it harmed can be reached again. */
import type { Fleet, Member } from "./fleet.ts";

export interface FaultOptions {
  fleet: Fleet;
  /** Seeded, in [0, 1). */
  random: () => number;
  isShort: boolean;
}

type Fault = (options: FaultOptions) => Promise<void>;

const STOPPED_MS = 3000;
const STALLED_MS = 10_000;
const STORAGE_MS = 3000;
/** Longer than a lease: others have taken up what it had. */
const LEASE_MS = 24_000;

const anyOf = (members: Member[], random: () => number) => members[Math.floor(random() * members.length)]!;

export const FAULTS: Record<string, Fault> = {
  "server killed": async ({ fleet, random }) => {
    const server = anyOf(fleet.servers, random);
    await server.kill();
    await server.start(fleet.command);
  },
  "server stopped for 3 s": async ({ fleet, random, isShort }) => {
    const server = anyOf(fleet.servers, random);
    server.signal("SIGSTOP");
    await Bun.sleep(isShort ? 1000 : STOPPED_MS);
    server.signal("SIGCONT");
  },
  "worker killed": async ({ fleet, random }) => {
    const worker = anyOf(fleet.workers, random);
    await worker.kill();
    await worker.start(fleet.command);
  },
  "worker stopped beyond its lease": async ({ fleet, random, isShort }) => {
    const worker = anyOf(fleet.workers, random);
    worker.signal("SIGSTOP");
    await Bun.sleep(isShort ? 2000 : LEASE_MS);
    worker.signal("SIGCONT");
  },
  "PostgreSQL killed": async ({ fleet }) => {
    fleet.postgres.kill();
    await fleet.postgres.start();
  },
  "database connections cut": async ({ fleet }) => {
    await fleet.database.cut();
    await fleet.listening.cut();
  },
  "database stalled for 10 s": async ({ fleet, isShort }) => {
    await fleet.database.stall();
    await fleet.listening.stall();
    await Bun.sleep(isShort ? 2000 : STALLED_MS);
    await fleet.database.heal();
    await fleet.listening.heal();
  },
  "LISTEN lost in silence": async ({ fleet }) => fleet.listening.deafen(),
  "PgBouncer killed": async ({ fleet }) => fleet.restartPooler(),
  "storage answers 500": async ({ fleet }) => {
    await fleet.storage.fail();
    await Bun.sleep(STORAGE_MS);
    await fleet.storage.heal();
  },
  "storage hangs": async ({ fleet }) => {
    await fleet.storage.stall();
    await Bun.sleep(STORAGE_MS);
    await fleet.storage.heal();
  },
  "storage cuts objects off": async ({ fleet }) => {
    await fleet.storage.cutAnswers();
    await Bun.sleep(STORAGE_MS);
    await fleet.storage.heal();
  },
  "storage killed": async ({ fleet }) => {
    await fleet.s3.kill();
    await fleet.s3.start();
  },
};
