/**
 * Queues messages to subscriber groups, a few per turn of the event loop: sending to a thousand viewers takes 20 ms,
 * and other requests must not wait for all of them.
 */
import type { SubscriberGroup } from "./subscriber-groups.ts";

interface Waiting {
  group: SubscriberGroup;
  message: string;
}

/** About 5 ms of system calls. */
const VIEWERS_A_TURN = 250;

export class Outbox {
  /** By topic, in order; never two for one group, so that messages cannot be queued faster than they are sent. */
  private readonly waiting = new Map<string, Waiting>();
  private isUnderWay = false;

  constructor(private readonly publish: (group: SubscriberGroup, message: string) => void) {}

  add(group: SubscriberGroup, message: string): void {
    this.settle(group);
    this.waiting.set(group.topic, { group, message });
    if (!this.isUnderWay) this.takeTurn();
  }

  /** Sends what waits for this group now: a viewer that joins has received it already. */
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
