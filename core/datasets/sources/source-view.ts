/** The public view of a source, and its errors as sentences. */
import { alertAction } from "../../events/alert-records.ts";
import type { Alert } from "../../events/alerts.ts";
import type { AppError } from "../../platform/errors.ts";
import type { StoredSource } from "../../store/sources.ts";
import type { ShownPlace } from "./place.ts";

export interface SourceView extends ShownPlace {
  id: string;
  name: string;
  status: "new" | "refreshing" | "ok" | "failed";
  datasetId: string | null;
  lastTriedAt: string | null;
  lastRefreshedAt: string | null;
  lastError: string | null;
  createdBy: string;
  createdAt: string;
}

/** Its state at `now`. */
export function viewOf(source: StoredSource, now: number): SourceView {
  const { id, name, datasetId, lastError, busyUntil, triedAt, refreshedAt, createdBy, createdAt } = source;
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const isBusy = busyUntil !== null && busyUntil >= now;
  const ended = lastError !== null ? "failed" : refreshedAt !== null ? "ok" : "new";
  return {
    id,
    name,
    status: isBusy ? "refreshing" : ended,
    ...(JSON.parse(source.shown) as ShownPlace),
    datasetId,
    lastTriedAt: time(triedAt),
    lastRefreshedAt: time(refreshedAt),
    lastError,
    createdBy,
    createdAt: new Date(createdAt).toISOString(),
  };
}

/** For a first file there is no comparison that reports it: not all rows arrived. */
export function cutAlert(name: string, datasetId: string): Alert {
  return {
    code: "refresh",
    subject: datasetId,
    severity: "warning",
    sentence: `${name}: the query returned more rows than the limit; the rest was left out.`,
    action: alertAction("refresh", datasetId),
  };
}

/** In whole sentences: what is wrong, and what to do. */
export function withFix({ message, place }: AppError): string {
  return `${message.replace(/\.?$/, ".")}${place.fix ? ` ${place.fix}` : ""}`;
}
