/**
 * Closes what is open for someone whose access ends. Sockets and streams are held in the name of a credential; when
 * that is revoked or expires, they end at once.
 */

import { AppError } from "./errors.ts";

/** Registers what to do at the end; the returned function cancels it. */
export type Lease = (end: (reason: AppError) => void) => () => void;

/** For access that neither expires nor can be revoked: there is nothing to cancel. */
export const FOREVER = () => {};

/** The holder of something open: hashes of the credentials, and when their access ends. */
interface Holder {
  credentials: readonly string[];
  expiresAt: number | null;
}

interface Held {
  identity: Holder;
  end: (reason: AppError) => void;
}

const SWEEP_MS = 1000;

export class Leases {
  private readonly held = new Set<Held>();
  private readonly sweeper: Timer;

  constructor(private readonly now: () => number) {
    this.sweeper = setInterval(() => this.endExpired(), SWEEP_MS);
  }

  get count(): number {
    return this.held.size;
  }

  /** Nothing is stored for access that cannot be revoked and does not expire. */
  holdFor(identity: Holder): Lease {
    return (end) => {
      if (!identity.credentials.length && identity.expiresAt === null) return FOREVER;
      const held = { identity, end };
      this.held.add(held);
      return () => this.held.delete(held);
    };
  }

  /** Ends everything that was opened with the credential that has this hash. */
  revoke(hash: string): void {
    const reason = new AppError("unauthorized", "Your access was revoked", { fix: "Sign in again." });
    this.end(({ identity }) => identity.credentials.includes(hash), reason);
  }

  endExpired(): void {
    const reason = new AppError("unauthorized", "Your access has expired", { fix: "Sign in again." });
    this.end(({ identity }) => identity.expiresAt !== null && identity.expiresAt <= this.now(), reason);
  }

  stop(): void {
    clearInterval(this.sweeper);
  }

  private end(isOver: (held: Held) => boolean, reason: AppError): void {
    for (const held of this.held) {
      if (!isOver(held)) continue;
      this.held.delete(held);
      held.end(reason);
    }
  }
}
