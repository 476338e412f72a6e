/** The tools above a list: undo, saved filters, tags, and bulk actions on the selected rows. */
import type { PendingDeletion } from "../../core/process/organise/deletions.ts";
import { type Links, url } from "../layout/page-context.ts";
import { posted, sent } from "../parts/form.tsx";
import { PrivateTag } from "../parts/organise.tsx";
import { Time } from "../parts/parts.tsx";
import { type ListName, type ListPageProps, type ListState, listQuery } from "./list-address.ts";

/** The form that the selected rows belong to. */
export const BULK_FORM = "pick-rows";

/** What was deleted within the last minute, with an undo button. */
export function Undo({ links, pending }: { links: Links; pending: readonly PendingDeletion[] }) {
  return (
    <>
      {pending.map(({ id, until, items }) => (
        <div class="note undo" role="status">
          <p>
            Deleted: {items.map(({ label }) => label).join(", ")}. It can be restored until{" "}
            <Time at={until} form="clock" />.
          </p>
          <form method="post" action={url(links, `/undo/${id}`)} data-needs="train">
            <button type="submit">Undo</button>
          </form>
        </div>
      ))}
    </>
  );
}

/** Links to saved filters, and a form that saves the current one. */
export function SavedFilters({ context: { links }, list, asked, filters }: ListPageProps) {
  const query = listQuery(asked).toString();
  const current = filters.find((filter) => filter.query === query);
  const canSave = list !== "activity" && query !== "" && !current;
  if (!filters.length && !canSave) return null;
  return (
    <nav class="saved-filters" aria-label="Saved filters">
      {filters.map((filter) => (
        <a
          class="button quiet"
          href={url(links, `/${filter.list}?${filter.query}`)}
          {...(filter === current ? { "aria-current": "page" } : {})}
        >
          {filter.name}
        </a>
      ))}
      {current && (
        <form method="post" action={url(links, `/filters/${current.id}/delete`)} data-needs="train">
          <button type="submit" class="quiet" aria-label={`Delete filter: ${current.name}`}>
            Delete filter
          </button>
        </form>
      )}
      {canSave && (
        <details data-needs="train">
          <summary>Save this filter</summary>
          <form class="save-filter" {...posted(url(links, "/filters"))}>
            <input type="hidden" name="list" value={list} />
            <input type="hidden" name="query" value={query} />
            <label>
              Name <input name="name" required maxlength={60} autocomplete="off" />
            </label>
            <button type="submit">Save filter</button>
          </form>
        </details>
      )}
    </nav>
  );
}

interface OrganisedRow {
  tags: readonly string[];
  note: string;
  visibility: "private" | "team";
}

/** Below a row's name: whether it is private, its tags, each a filter, and the beginning of its note. */
export function Tags({ links, list, item }: { links: Links; list: ListName; item: OrganisedRow }) {
  const { tags, note, visibility } = item;
  const [line = ""] = note.split("\n");
  if (!tags.length && !line && visibility === "team") return null;
  return (
    <span class="row-tags">
      {visibility === "private" && <PrivateTag />}
      {tags.map((tag) => (
        <a class="tag tag-quiet" href={url(links, `/${list}?${new URLSearchParams({ tag })}`)}>
          {tag}
        </a>
      ))}
      {line && <span class="fine">{line.length > 80 ? `${line.slice(0, 79)}…` : line}</span>}
    </span>
  );
}

/** Bulk actions on selected rows. Each button names what happens; works without script. */
export function Bulk({ links, list, asked }: { links: Links; list: ListName; asked: ListState }) {
  const query = listQuery(asked).toString();
  const isArchive = asked.status === "archived";
  const address = url(links, `/${list}/bulk`);
  // Enter in the field presses the first.
  const changes: readonly { action: string; label: string; tone?: string }[] = [
    { action: "tag", label: "Add tag" },
    { action: "untag", label: "Remove tag" },
    isArchive
      ? { action: "unarchive", label: "Restore from the archive" }
      : { action: "archive", label: "Archive" },
    { action: "delete", label: "Delete", tone: "danger" },
  ];
  return (
    <form id={BULK_FORM} class="bulk" method="post" action={address}>
      <span class="fine">Selected rows:</span>
      <span class="bulk-changes" data-needs="train">
        <input type="hidden" name="back" value={query && `?${query}`} />
        <label class="visually-hidden" for="bulk-tags">
          Tags for the selected rows
        </label>
        <input id="bulk-tags" name="tags" placeholder="Tag" maxlength={200} autocomplete="off" />
        {changes.map(({ action, label, tone }) => (
          <button type="submit" name="do" value={action} class={tone} {...sent(address)}>
            {label}
          </button>
        ))}
      </span>
      {list !== "datasets" && (
        <button type="submit" formmethod="get" formaction={url(links, "/compare")} formnovalidate>
          Compare
        </button>
      )}
    </form>
  );
}
