/** Types for what is stored per socket. */
import type { PanelKey } from "../events/panel-names.ts";
import type { ViewScope } from "../events/privacy.ts";
import type { Lease } from "../platform/leases.ts";
import type { SubscriberGroup } from "./subscriber-groups.ts";

/** What a socket requested when it connected; dropped once it has been greeted. */
export interface Subscription {
  /** Null: it reads events. */
  panels: readonly PanelKey[] | null;
  /** The last position that it has; null: it has nothing. */
  since: number | null;
  epoch: string | null;
  /** The URL that its page was loaded from. */
  origin: string;
  hold: Lease;
}

/** What is stored for each socket: there are thousands, so as little as possible. */
export interface Viewer {
  subscription: Subscription | null;
  /** Null: it reads events. */
  group: SubscriberGroup | null;
  /** Shared by all sockets of one address. */
  peer: Peer;
  /** For a reader: the last event that was sent. */
  cursor: number;
  lastHeardAt: number;
  mayPredict: boolean;
  viewScope: ViewScope;
  /** Its panels, if what it may see of them can change; null: it sees everything. */
  panels: readonly PanelKey[] | null;
  /** Cancels the lease: its access need not end it any more. */
  release: () => void;
}

export interface Peer {
  address: string;
  sockets: number;
}
