/**
 * Limits how often one client may call: a token bucket for each client and kind of request, in bounded memory for the
 * most recent clients. It never waits, and the caller passes the time.
 */
import type { RateClass } from "../operations/config.ts";
import { AppError } from "../platform/errors.ts";

interface Bucket {
  tokens: number;
  at: number;
}

const WINDOW_MS = 60_000;
/** About 100 bytes each, and as many again for the generation before. */
const CLIENTS_KEPT = 5_000;

/** A bucket's state after a request. */
export interface Allowance {
  isAllowed: boolean;
  limit: number;
  remaining: number;
  /** Seconds until there is one more (if none is left), or until it is full. */
  resetSeconds: number;
}

/** Up to `perMinute` may come at once; they are refilled evenly over a minute. */
export class RateLimit {
  private recent = new Map<string, Bucket>();
  private before = new Map<string, Bucket>();

  constructor(
    private readonly perMinute: number,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.recent.size + this.before.size;
  }

  /** Takes one, if there is one. */
  take(client: string): Allowance {
    return this.ask(client, 1);
  }

  /** Whether there is one. Takes nothing. */
  peek(client: string): Allowance {
    return this.ask(client, 0);
  }

  private ask(client: string, cost: 0 | 1): Allowance {
    const { perMinute: limit } = this;
    const at = this.now();
    const known = this.recent.get(client) ?? this.before.get(client) ?? { tokens: limit, at };
    const tokens = Math.min(limit, known.tokens + (Math.max(0, at - known.at) * limit) / WINDOW_MS);
    const isAllowed = tokens >= 1;
    const left = isAllowed ? tokens - cost : tokens;
    this.keep(client, { tokens: left, at });
    const missing = left < 1 ? 1 - left : limit - left;
    const resetSeconds = Math.ceil((missing * WINDOW_MS) / limit / 1000);
    return { isAllowed, limit, remaining: Math.floor(left), resetSeconds };
  }

  /** Two generations: removing the oldest entry of a single Map gets slower with every removal. */
  private keep(client: string, bucket: Bucket): void {
    this.recent.set(client, bucket);
    if (this.recent.size < CLIENTS_KEPT) return;
    this.before = this.recent;
    this.recent = new Map();
  }
}

/** As in draft-ietf-httpapi-ratelimit-headers, and under its earlier names, which most clients read. */
export function rateHeaders(rate: RateClass, allowance: Allowance): Record<string, string> {
  const { isAllowed, limit, remaining, resetSeconds } = allowance;
  return {
    "ratelimit-policy": `"${rate}";q=${limit};w=${WINDOW_MS / 1000}`,
    ratelimit: `"${rate}";r=${remaining};t=${resetSeconds}`,
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(resetSeconds),
    ...(!isAllowed && { "retry-after": String(resetSeconds) }),
  };
}

export function tooMany(rate: RateClass, { limit, resetSeconds }: Allowance): AppError {
  return new AppError("too_many", `More than ${limit} requests per minute (${rate})`, {
    fix: `Wait ${resetSeconds} s (see Retry-After), or raise RATE_${rate.toUpperCase().replace("-", "_")}.`,
  });
}
