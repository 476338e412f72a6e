/**
 * Queues messages to subscriber groups. Each in a turn of the event loop that has room: a thousand viewers take 20
 * ms, and other requests must not wait for all of them.
 */
import type { SubscriberGroup } from "./subscriber-groups.ts";

interface Waiting {
  group: SubscriberGroup;
  message: string;
}

/** Some 5 ms of system calls. */
const VIEWERS_A_TURN = 250;

export class Outbox {
  /** By topic, in order; never two for one group, so that messages cannot come faster than they leave. */
  private readonly waiting = new Map<string, Waiting>();
  private isUnderWay = false;

  constructor(private readonly publish: (group: SubscriberGroup, message: string) => void) {}

  add(group: SubscriberGroup, message: string): void {
    this.settle(group);
    this.waiting.set(group.topic, { group, message });
    if (!this.isUnderWay) this.takeTurn();
  }

  /** Sends at once what waits for this group: a viewer that joins has received it already. */
  settle({ topic }: SubscriberGroup): void {
    const waiting = this.waiting.get(topic);
    if (waiting) this.send(waiting);
  }

  private takeTurn(): void {
    this.isUnderWay = true;
    setImmediate(() => {
      let viewers = 0;
      for (const waiting of this.waiting.values()) {
        this.send(waiting);
        viewers += waiting.group.viewers;
        if (viewers >= VIEWERS_A_TURN) break;
      }
      this.isUnderWay = false;
      if (this.waiting.size) this.takeTurn();
    });
  }

  private send({ group, message }: Waiting): void {
    this.waiting.delete(group.topic);
    this.publish(group, message);
  }
}
