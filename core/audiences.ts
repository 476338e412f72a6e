/**
 * Who watches the same panels at the same address? Viewers of one page share a topic, so that a viewer costs one
 * subscription however many panels its page has: each subscription costs as much as a twentieth of a socket.
 */
import type { Live } from "./live.ts";
import type { PanelKey } from "./panels.ts";

export interface Audience {
  readonly panels: readonly PanelKey[];
  /** The address that these viewers use. */
  readonly origin: string;
  readonly topic: string;
  viewers: number;
  /** Nothing was sent since the last tick. */
  isQuiet: boolean;
}

/** One more opens the next audience: what is sent to one holds up everybody else. */
const MOST_VIEWERS = 100;

export class Audiences {
  /** By topic, which names address, panels and which of the audiences that share them. */
  private readonly all = new Map<string, Audience>();
  private readonly byPanel = new Map<PanelKey, Set<Audience>>();

  constructor(private readonly live: Live) {}

  /** Counts a viewer in: its panels are drawn from now on. */
  join(panels: readonly PanelKey[], origin: string): Audience {
    const topic = this.topicWithRoom(`${origin} ${panels.join(",")}`);
    const audience = this.all.get(topic) ?? this.open({ panels, origin, topic, viewers: 0, isQuiet: true });
    audience.viewers += 1;
    return audience;
  }

  leave(audience: Audience): void {
    audience.viewers -= 1;
    if (audience.viewers > 0) return;
    this.all.delete(audience.topic);
    for (const key of audience.panels) {
      this.live.unwatch(key);
      const watching = this.byPanel.get(key)!;
      watching.delete(audience);
      if (!watching.size) this.byPanel.delete(key);
    }
  }

  /** All that have a viewer. */
  list(): Iterable<Audience> {
    return this.all.values();
  }

  /** Those that watch one of the panels. */
  watching(panels: readonly PanelKey[]): Set<Audience> {
    return new Set(panels.flatMap((key) => [...(this.byPanel.get(key) ?? [])]));
  }

  private topicWithRoom(like: string): string {
    for (let nth = 1; ; nth++) {
      const topic = `${like} ${nth}`;
      if ((this.all.get(topic)?.viewers ?? 0) < MOST_VIEWERS) return topic;
    }
  }

  private open(audience: Audience): Audience {
    this.all.set(audience.topic, audience);
    for (const key of audience.panels) {
      this.live.watch(key);
      const watching = this.byPanel.get(key) ?? new Set();
      this.byPanel.set(key, watching.add(audience));
    }
    return audience;
  }
}
