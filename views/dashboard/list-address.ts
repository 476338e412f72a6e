/** What a list's page shows, and which part of that is in its address. */
import type { PendingDeletion } from "../../core/process/organise/deletions.ts";
import type { SavedFilter } from "../../core/process/organise/saved-filters.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { type Links, type PageContext, url } from "../layout/page-context.ts";

export type ListName = "datasets" | "runs" | "models" | "activity";

/** The query in the address. */
export interface ListState {
  q: string;
  status: string;
  sort: string;
  tag: string;
  /** Rows per page, if requested. */
  limit: string;
}

export interface ListPageProps {
  context: PageContext;
  list: ListName;
  asked: ListState;
  /** What was deleted and can be restored. */
  pending: readonly PendingDeletion[];
  filters: readonly SavedFilter[];
  /** The states that can be filtered by. */
  statuses: readonly string[];
  /** Null: the first page. */
  cursor: number | null;
  rows: PanelData[ListName];
  /** Where the page above begins; null: it is the first one. */
  newer: number | null;
}

/** The query as in the address; empty for the whole list. */
export function listQuery(asked: ListState): URLSearchParams {
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
}

export function address(
  links: Links,
  list: ListName,
  asked: ListState,
  cursor: number | null = null,
): string {
  const query = listQuery(asked);
  if (cursor !== null) query.set("cursor", String(cursor));
  return url(links, `/${list}${query.size ? `?${query}` : ""}`);
}
