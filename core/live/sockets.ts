/**
 * Manages the open sockets. Viewers of panels get published drawings; readers of events pull the log by their own
 * cursor. It knows no route; the server hands it upgraded sockets. A slow viewer is closed, never waited for.
 */
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";
import type { EventLog } from "../events/event-log.ts";
import { type PanelKey, parsePanelKey } from "../events/panel-names.ts";
import type { Privacy, ViewScope } from "../events/privacy.ts";
import { type Config, isLoopback } from "../operations/config.ts";
import { AppError, StoreUnavailable } from "../platform/errors.ts";
import { FOREVER, type Lease } from "../platform/leases.ts";
import { type DrawingKey, drawingFor } from "./audiences.ts";
import { EventSockets } from "./event-sockets.ts";
import type { Drawing, Live } from "./live.ts";
import { drawingsMessage, forOrigin, Greetings, tickMessage } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { type Publication, type SubscriberGroup, SubscriberGroups } from "./subscriber-groups.ts";
import type { Peer, Subscription, Viewer } from "./viewer.ts";

type Socket = ServerWebSocket<Viewer>;

export interface SocketsOptions {
  config: Config;
  log: EventLog;
  privacy: Privacy;
  live: Live;
  publish: (topic: string, message: string) => void;
  now: () => number;
  /** A message to viewers who may predict. */
  hear: (socket: Socket, message: string | Buffer) => void;
  /** A socket could not be greeted, or the log could not be read for it. */
  failed: (error: unknown) => void;
}

/**
 * Bytes that may be buffered for a viewer that does not read; then it is closed, and reconnects when it reads again.
 * Half of the 256 kB that one may cost: the buffer doubles as it grows.
 */
const BACKPRESSURE_BYTES = 128 * 1024;
/** A peer that disappeared silently is closed in the fourth round: within 60 s. */
const PING_MS = 15_000;
/** Viewers take silence of three of these for a dead connection. */
const TICK_MS = 5_000;
const MAX_PANELS = 40;
/** 1008, policy violation: the access was revoked or has expired. */
const NO_ACCESS = 1008;
/** 1011, internal error: htmx reconnects after it. */
const TRY_AGAIN = 1011;
/** 1013, try again later: htmx reconnects after it. */
const LATER = 1013;
/** 1012, service restart: htmx reconnects after it. */
const RESTART = 1012;

/** Who opens a socket, and from where. */
export interface Visitor {
  address: string;
  origin: string;
  hold: Lease;
  mayPredict: boolean;
  viewScope: ViewScope;
}

/** What one viewer is shown, and panels whose subject is hidden from it. */
interface Shown {
  keys: readonly DrawingKey[];
  hidden: readonly PanelKey[];
}

export class Sockets {
  private readonly open = new Set<Socket>();
  /** When the last two rounds of pings were sent. */
  private pinged = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY] as [number, number];
  private readonly peers = new Map<string, Peer>();
  private readonly groups: SubscriberGroups;
  private readonly outbox: Outbox;
  private readonly greetings: Greetings;
  private readonly readers: EventSockets;
  private readonly pinger: Timer;
  private readonly ticker: Timer;
  private readonly unsubscribe: () => void;

  constructor(private readonly options: SocketsOptions) {
    this.groups = new SubscriberGroups(options.live);
    this.outbox = new Outbox((group, message) => {
      endSlow(group, message.length);
      options.publish(group.topic, message);
    });
    this.greetings = new Greetings(options.log);
    this.readers = new EventSockets(options.log, options.privacy, options.failed);
    this.unsubscribe = options.privacy.subscribe(() => this.sendOthersAway());
    this.pinger = setInterval(() => this.closeSilent(), PING_MS);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  get count(): number {
    return this.open.size;
  }

  /** What the query asks for. Throws AppError: `unavailable` at the limits, `invalid` for an unknown panel. */
  admit(url: URL, visitor: Visitor): Viewer {
    const { address, origin, hold, mayPredict, viewScope } = visitor;
    const { config, log, now } = this.options;
    if (log.isLate) throw new StoreUnavailable("The database does not answer");
    const peer = this.peers.get(address) ?? { address, sockets: 0 };
    const isFull =
      this.open.size >= config.MAX_SOCKETS ||
      (!isLoopback(address) && peer.sockets >= config.MAX_SOCKETS_PER_ADDRESS);
    if (isFull)
      throw new AppError("unavailable", "The limit of open sockets is reached", {
        fix: "Poll /panels instead.",
      });
    const position = positionIn(url.searchParams);
    const panels = url.searchParams.get("format") === "json" ? null : position.panels;
    return {
      subscription: { ...position, panels, origin, hold },
      group: null,
      peer,
      cursor: log.lastSeq,
      lastHeardAt: now(),
      mayPredict,
      viewScope,
      panels: viewScope.isAll ? null : panels,
      release: FOREVER,
    };
  }

  /** The handlers for Bun.serve. */
  handlers(): WebSocketHandler<Viewer> {
    return {
      data: {} as Viewer,
      maxPayloadLength: 4096,
      idleTimeout: 120,
      sendPings: false,
      perMessageDeflate: false,
      backpressureLimit: BACKPRESSURE_BYTES,
      closeOnBackpressureLimit: true,
      open: (socket) => this.welcome(socket),
      message: (socket, message) => {
        socket.data.lastHeardAt = this.options.now();
        if (socket.data.mayPredict) this.options.hear(socket, message);
      },
      pong: (socket) => {
        socket.data.lastHeardAt = this.options.now();
      },
      drain: (socket) => {
        if (!socket.data.group) this.readers.schedulePump();
      },
      close: (socket) => this.leave(socket),
    };
  }

  /** Tells viewers to reconnect, then closes; streams that follow the log end too. */
  stop(): void {
    clearInterval(this.pinger);
    clearInterval(this.ticker);
    this.unsubscribe();
    this.readers.stop();
    this.options.log.close();
    for (const socket of this.open) socket.close(RESTART, "restart");
  }

  /** Sends drawings to the viewers of those panels: one message each, written once per kind of viewer. */
  publish(drawings: Drawing[], watermark: number): void {
    const messages = new Map<string, string>();
    for (const group of this.groups.watching(drawings.map(({ key }) => key))) {
      const own = drawings.filter(({ key }) => group.panels.includes(key));
      const keys = own.map(({ key }) => key).join(",");
      const message = messages.get(keys) ?? drawingsMessage(this.options.log.epoch, own, watermark);
      messages.set(keys, message);
      group.isQuiet = false;
      for (const held of group.held) held.push({ drawings: own, watermark });
      this.outbox.add(group, forOrigin(message, group.origin));
    }
  }

  /** A heartbeat for viewers that received nothing since the last one. */
  private tick(): void {
    if (this.options.log.isLate) this.sendAway();
    const message = tickMessage(this.options.live.watermark());
    for (const group of this.groups.list()) {
      if (group.isQuiet) this.outbox.add(group, message);
      group.isQuiet = true;
    }
  }

  /** What they show is late, and says so once they have no connection; another server may be up to date. */
  private sendAway(): void {
    for (const socket of this.open)
      if (socket.data.group) socket.close(LATER, "the database does not answer");
  }

  private welcome(socket: Socket): void {
    const { data } = socket;
    const { subscription } = data;
    if (!subscription) return;
    this.open.add(socket);
    data.release = subscription.hold(({ message }) => socket.close(NO_ACCESS, message));
    data.peer = this.peers.get(data.peer.address) ?? data.peer;
    data.peer.sockets += 1;
    this.peers.set(data.peer.address, data.peer);
    const greeted = subscription.panels
      ? this.welcomeViewer(socket, subscription.panels, subscription)
      : this.readers.welcome(socket, subscription);
    greeted.catch((error: unknown) => {
      this.options.failed(error);
      socket.close(TRY_AGAIN, "it could not be greeted");
    });
    data.subscription = null;
  }

  /**
   * Subscribes, then sends what the viewer has not seen. What is published before it is greeted is held back for it,
   * and dropped if the greeting contains something as new.
   */
  private async welcomeViewer(
    socket: Socket,
    panels: readonly PanelKey[],
    { since, epoch, origin }: Subscription,
  ): Promise<void> {
    const { settled } = this.options.privacy;
    if (settled !== null) await settled;
    const { viewScope } = socket.data;
    const shown = this.drawingsFor(panels, viewScope);
    if (!this.open.has(socket)) return;
    const group = this.groups.join(shown.keys, origin);
    socket.data.group = group;
    this.outbox.settle(group);
    const held: Publication[] = [];
    group.held.add(held);
    try {
      const { message, drawings } = await this.present(shown, { since, epoch, origin });
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(message);
      for (const later of this.messagesSince(drawings, held)) socket.send(forOrigin(later, origin));
      this.outbox.settle(group);
      socket.subscribe(group.topic);
      group.greeted.add(socket);
    } finally {
      group.held.delete(held);
    }
  }

  /** What a viewer has not seen, for one that polls: the same message that a socket begins with. */
  async presentAt(url: URL, { origin, viewScope }: Pick<Visitor, "origin" | "viewScope">): Promise<string> {
    const { panels, since, epoch } = positionIn(url.searchParams);
    return (await this.present(this.drawingsFor(panels, viewScope), { since, epoch, origin })).message;
  }

  /** What is drawn for a viewer of these panels; a hidden subject looks as if it were deleted. */
  private drawingsFor(panels: readonly PanelKey[], viewScope: ViewScope): Shown {
    const { privacy } = this.options;
    const keys = panels.map((key) => drawingFor(key, { viewScope, privacy }));
    return {
      keys: keys.filter((key) => key !== null),
      hidden: panels.filter((_, index) => keys[index] === null),
    };
  }

  /** Those to whom another drawing is due, or none, come back for it. */
  private sendOthersAway(): void {
    for (const socket of this.open) {
      const { panels, viewScope, group } = socket.data;
      if (!panels || !group) continue;
      const { keys } = this.drawingsFor(panels, viewScope);
      const isSame = keys.length === group.panels.length && keys.every((key, i) => key === group.panels[i]);
      if (isSame) continue;
      socket.unsubscribe(group.topic);
      group.greeted.delete(socket);
      socket.close(RESTART, "what you may see has changed");
    }
  }

  private async present(
    { keys, hidden }: Shown,
    { since, epoch, origin }: Pick<Subscription, "since" | "epoch" | "origin">,
  ): Promise<{ message: string; drawings: Drawing[] }> {
    const { live, log } = this.options;
    const isKnown = since !== null && epoch !== null && !(await log.resume(since, epoch)).truncated;
    // Before anything is drawn: the drawings are then at least as new.
    const seq = log.lastSeq;
    const missed = keys.filter((key) => !isKnown || live.isStaleSince(key, since));
    const gone = hidden.map((key): Drawing => ({ key, html: null, seq }));
    const drawings = [...(await live.drawingsOf(missed)), ...gone];
    const kind = since !== null && !isKnown ? "truncated" : "whole";
    return { message: this.greetings.message(drawings, { origin, kind, seq }), drawings };
  }

  private messagesSince(greeting: readonly Drawing[], held: readonly Publication[]): string[] {
    const shown = new Map(greeting.map(({ key, seq }) => [key, seq]));
    return held.flatMap(({ drawings, watermark }) => {
      const newer = drawings.filter(({ key, seq }) => seq > (shown.get(key) ?? Number.NEGATIVE_INFINITY));
      return newer.length ? [drawingsMessage(this.options.log.epoch, newer, watermark)] : [];
    });
  }

  /**
   * Pings each, and closes those that answered neither of the last two rounds. By rounds, not by the clock: after the
   * machine slept, nobody has been pinged.
   */
  closeSilent(): void {
    const [before, last] = this.pinged;
    for (const socket of this.open) {
      if (socket.data.lastHeardAt < before) socket.terminate();
      else socket.ping();
    }
    this.pinged = [last, this.options.now()];
  }

  private leave(socket: Socket): void {
    if (!this.open.delete(socket)) return;
    const { group, peer, release } = socket.data;
    release();
    peer.sockets -= 1;
    if (!peer.sockets) this.peers.delete(peer.address);
    if (group) {
      group.greeted.delete(socket);
      this.groups.leave(group);
    } else this.readers.leave(socket);
  }
}

/**
 * Closes viewers whose buffer this message would make too large: the built-in limit is checked before a message is
 * added, whatever its size.
 */
function endSlow({ greeted }: SubscriberGroup, messageBytes: number): void {
  for (const socket of greeted) {
    const waiting = socket.getBufferedAmount();
    if (waiting > 0 && waiting + messageBytes > BACKPRESSURE_BYTES) socket.terminate();
  }
}

/** Upgrades a request to a socket. Throws AppError if it is not an upgrade request, or `admit` refuses it. */
export function upgradeAnswer(
  request: Request,
  server: Server<Viewer> | undefined,
  admit: () => Viewer,
): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
    throw new AppError("syntax", "This address is for WebSocket connections");
  if (!server?.upgrade(request, { data: admit() }))
    throw new AppError("syntax", "The upgrade to a WebSocket failed");
  return new Response(null);
}

/** Throws AppError `invalid` for an unknown panel. */
function positionIn(query: URLSearchParams) {
  const since = query.get("since");
  return {
    panels: readPanels(query.get("panels") ?? ""),
    since: since !== null && /^\d{1,15}$/.test(since) ? Number(since) : null,
    epoch: query.get("epoch"),
  };
}

function readPanels(list: string): PanelKey[] {
  const keys = [...new Set(list.split(",").filter(Boolean))];
  if (keys.length > MAX_PANELS)
    throw new AppError("syntax", `A socket can watch at most ${MAX_PANELS} panels`);
  for (const key of keys) {
    if (!parsePanelKey(key))
      throw new AppError("syntax", `The panel ${JSON.stringify(key.slice(0, 60))} does not exist`);
  }
  return keys as PanelKey[];
}
