/**
 * Measures response times. Counts by the route that responded, never by the requested path: a stranger cannot make them
 * grow. A stream's time ends with its headers.
 */

/** Upper bounds in seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface RouteTimes {
  method: string;
  route: string;
  /** "2xx" and so on. */
  status: string;
  /** Responses up to each bound, and above the last; not cumulative. */
  buckets: number[];
  sumSeconds: number;
  count: number;
}

export class RequestTimes {
  /** By route, then by the first digit of the status. */
  private readonly routes = new Map<string | null, RouteTimes[]>();
  /** Times of the last prediction that worked, and of the last one that failed on the server's side. */
  private readonly predicted = { worked: Number.NEGATIVE_INFINITY, failed: Number.NEGATIVE_INFINITY };

  constructor(private readonly now: () => number) {}

  /** `listed`: "METHOD /path/:as-listed"; null: no route matched. */
  observe(listed: string | null, status: number, seconds: number): void {
    const route = this.routes.get(listed) ?? [];
    this.routes.set(listed, route);
    const digit = Math.floor(status / 100);
    route[digit] ??= none(listed ?? "any none", `${digit}xx`);
    const times = route[digit];
    let bucket = 0;
    while (seconds > DURATION_BUCKETS[bucket]!) bucket++;
    times.buckets[bucket]! += 1;
    times.sumSeconds += seconds;
    times.count += 1;
    if (listed?.endsWith("/predict")) this.predicted[status < 500 ? "worked" : "failed"] = this.now();
  }

  /** Whether the last prediction failed on the server's side, at `since` or later. */
  predictionsFailing(since: number): boolean {
    const { worked, failed } = this.predicted;
    return failed >= since && failed > worked;
  }

  list(): RouteTimes[] {
    return [...this.routes.values()].flatMap((route) => Object.values(route));
  }
}

function none(listed: string, status: string): RouteTimes {
  const [method = "", route = ""] = listed.split(" ");
  const buckets = new Array<number>(DURATION_BUCKETS.length + 1).fill(0);
  return { method, route, status, buckets, sumSeconds: 0, count: 0 };
}
