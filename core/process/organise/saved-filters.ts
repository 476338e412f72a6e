/** Stores filters of lists under a name, so that a link leads back to them. */
import * as z from "zod";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { lazily } from "../../platform/zod-setup.ts";
import type { Store } from "../../store/database.ts";
import {
  deleteFilter,
  listFilters,
  type SavedFilterList,
  type StoredFilter,
  saveFilter,
} from "../../store/saved-filters.ts";
import { KINDS } from "./bulk.ts";

/** The body of `POST /api/filters`. */
export const FILTER_REQUEST = lazily(() =>
  z.strictObject({
    list: z.enum(KINDS),
    name: z.string().trim().min(1).max(60),
    query: z.string().max(1000),
  }),
);

export interface SavedFilter extends Omit<StoredFilter, "createdAt"> {
  createdAt: string;
}

export class SavedFilters {
  constructor(private readonly options: { store: Store; now: () => number }) {}

  /** By name; of one list, or of all. */
  async list(list?: SavedFilterList): Promise<SavedFilter[]> {
    const filters = (await listFilters(this.options.store)).map(filterView);
    return list ? filters.filter((filter) => filter.list === list) : filters;
  }

  /** The same name in the same list replaces the filter. */
  async save(asked: { list: SavedFilterList; name: string; query: string }): Promise<SavedFilter> {
    const { store, now } = this.options;
    const query = asked.query.replace(/^\?/, "");
    return filterView(await saveFilter(store, { ...asked, query, id: newId(), createdAt: now() }));
  }

  /** Throws AppError `missing`. */
  async delete(id: string): Promise<void> {
    if (!(await deleteFilter(this.options.store, id)))
      throw new AppError("missing", `The filter ${id} does not exist`, {
        fix: "GET /api/filters lists them.",
      });
  }
}

function filterView({ createdAt, ...filter }: StoredFilter): SavedFilter {
  return { ...filter, createdAt: new Date(createdAt).toISOString() };
}
