/**
 * Groups viewers that watch the same panels at the same URL. Viewers of one page share a topic, so that a viewer costs
 * one subscription however many panels its page has: each subscription costs as much as a twentieth of a socket.
 */

import type { DrawingKey } from "./audiences.ts";
import type { Drawing, Live } from "./live.ts";

interface Page {
  readonly panels: readonly DrawingKey[];
  /** The URL that these viewers use. */
  readonly origin: string;
}

/** The part of a socket that shows how far behind it is, and closes it. */
interface Receiver {
  /** Bytes buffered for it. */
  getBufferedAmount: () => number;
  terminate: () => void;
}

export interface SubscriberGroup extends Page {
  /** A unique name that is never reused. */
  readonly topic: string;
  viewers: number;
  /** Viewers that have been greeted and get what is published. */
  readonly greeted: Set<Receiver>;
  /** True if nothing was sent since the last tick. */
  isQuiet: boolean;
  /** Publications for viewers that have joined but are not greeted yet. */
  readonly held: Set<Publication[]>;
}

/** What was drawn at one moment, and the log position up to which every watched panel has been drawn. */
export interface Publication {
  drawings: Drawing[];
  watermark: number;
}

/** With one more viewer another group opens: sending to one group delays everyone else. */
const MOST_VIEWERS = 250;

export class SubscriberGroups {
  /** By URL and panels. */
  private readonly alike = new Map<string, SubscriberGroup[]>();
  private readonly byPanel = new Map<DrawingKey, Set<SubscriberGroup>>();
  private opened = 0;

  constructor(private readonly live: Live) {}

  /** Adds a viewer: its panels are drawn from now on. */
  join(panels: readonly DrawingKey[], origin: string): SubscriberGroup {
    const key = alikeKey({ panels, origin });
    const group =
      this.alike.get(key)?.find(({ viewers }) => viewers < MOST_VIEWERS) ?? this.open({ panels, origin });
    group.viewers += 1;
    return group;
  }

  leave(group: SubscriberGroup): void {
    group.viewers -= 1;
    if (group.viewers > 0) return;
    const key = alikeKey(group);
    const others = this.alike.get(key)!.filter((other) => other !== group);
    if (others.length) this.alike.set(key, others);
    else this.alike.delete(key);
    for (const panel of group.panels) {
      this.live.unwatch(panel);
      const watching = this.byPanel.get(panel)!;
      watching.delete(group);
      if (!watching.size) this.byPanel.delete(panel);
    }
  }

  /** All groups that have a viewer. */
  list(): SubscriberGroup[] {
    return [...this.alike.values()].flat();
  }

  /** Groups that watch one of the panels. */
  watching(panels: readonly DrawingKey[]): Set<SubscriberGroup> {
    return new Set(panels.flatMap((key) => [...(this.byPanel.get(key) ?? [])]));
  }

  private open({ panels, origin }: Page): SubscriberGroup {
    this.opened += 1;
    const group: SubscriberGroup = {
      panels,
      origin,
      topic: `${this.opened}`,
      viewers: 0,
      isQuiet: true,
      greeted: new Set(),
      held: new Set(),
    };
    const key = alikeKey(group);
    this.alike.set(key, [...(this.alike.get(key) ?? []), group]);
    for (const panel of panels) {
      this.live.watch(panel);
      const watching = this.byPanel.get(panel) ?? new Set();
      this.byPanel.set(panel, watching.add(group));
    }
    return group;
  }
}

const alikeKey = ({ panels, origin }: Page) => `${origin} ${panels.join(",")}`;
