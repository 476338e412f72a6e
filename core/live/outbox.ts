/**
 * Queues messages to subscriber groups. In the turn of the event loop that has room for it: a thousand viewers take 20
 * ms, and whoever asks for something else must not wait for all of them.
 */
import type { SubscriberGroup } from "./subscriber-groups.ts";

interface Departure {
  audience: SubscriberGroup;
  message: string;
}

/** Some 5 ms of system calls. */
const VIEWERS_A_TURN = 250;

export class Outbox {
  /** By topic, in order; never two for one audience, so that messages cannot come faster than they leave. */
  private readonly waiting = new Map<string, Departure>();
  private isUnderWay = false;

  constructor(private readonly publish: (audience: SubscriberGroup, message: string) => void) {}

  add(audience: SubscriberGroup, message: string): void {
    this.settle(audience);
    this.waiting.set(audience.topic, { audience, message });
    if (!this.isUnderWay) this.takeTurn();
  }

  /** Sends at once what waits for this audience: who joins it has been told of that otherwise. */
  settle({ topic }: SubscriberGroup): void {
    const departure = this.waiting.get(topic);
    if (departure) this.send(departure);
  }

  private takeTurn(): void {
    this.isUnderWay = true;
    setImmediate(() => {
      let viewers = 0;
      for (const departure of this.waiting.values()) {
        this.send(departure);
        viewers += departure.audience.viewers;
        if (viewers >= VIEWERS_A_TURN) break;
      }
      this.isUnderWay = false;
      if (this.waiting.size) this.takeTurn();
    });
  }

  private send({ audience, message }: Departure): void {
    this.waiting.delete(audience.topic);
    this.publish(audience, message);
  }
}
