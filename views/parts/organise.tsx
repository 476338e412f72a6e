/** The form that keeps a dataset, run or model in order: its name, tags, note and the archive; and the way to delete it. */
import { type Links, url, type Viewer } from "../layout/page-context.ts";
import { posted } from "./form.tsx";
import { Action, curlLine } from "./parts.tsx";

export interface OrganiseProps {
  links: Links;
  /** The page's own path: "/runs/ID". */
  path: string;
  /** "dataset", "run" or "model". */
  what: string;
  name: string;
  /** If it may be left empty: the text shown in its place. */
  placeholder?: string;
  tags: readonly string[];
  note: string;
  archived: boolean;
  viewer: Viewer;
  /** Null: unknown. */
  owner: string | null;
  visibility: "private" | "team";
  /** What goes and what stays; absent: it cannot be deleted now. */
  deleting?: string;
  /** The API's path for deleting it, below its own. */
  query?: string;
}

export function Organise(props: OrganiseProps) {
  const { links, path, what, name, placeholder, tags, note, archived, deleting, query = "" } = props;
  return (
    <details class="panel organise" id="order">
      <summary>
        Name, tags and note
        {props.visibility === "private" && <PrivateTag />}
        {tags.map((tag) => (
          <>
            {" "}
            <span class="tag tag-quiet">{tag}</span>
          </>
        ))}
      </summary>
      {note && <p class="organise-note">{note}</p>}
      <form class="form" data-needs="train" {...posted(url(links, `${path}/order`))}>
        <label>
          Name
          <input
            name="name"
            value={name}
            maxlength={200}
            autocomplete="off"
            {...(placeholder === undefined ? { required: true } : { placeholder })}
          />
        </label>
        <label>
          Tags, separated by commas
          <input name="tags" value={tags.join(", ")} autocomplete="off" />
        </label>
        <label>
          Note
          <textarea name="note" rows={3} maxlength={4000}>
            {note}
          </textarea>
        </label>
        <label class="check">
          <input type="checkbox" name="archived" value="1" checked={archived} /> Archived: not shown in lists
        </label>
        <button type="submit">Save</button>
      </form>
      {props.viewer.name && <Sharing {...props} />}
      {deleting !== undefined && (
        <Deletion links={links} path={path} query={query} what={what} deleting={deleting} />
      )}
    </details>
  );
}

/** Marks what only its owner and admins see. */
export function PrivateTag() {
  return (
    <>
      {" "}
      <span class="tag tag-quiet" title="Only its owner and admins see this">
        Private
      </span>
    </>
  );
}

/** Who made it and who sees it, with the switch for those who may use it. */
function Sharing({ links, path, what, viewer, owner, visibility }: OrganiseProps) {
  const isPrivate = visibility === "private";
  const maySwitch = viewer.name === owner || /\badmin\b/.test(viewer.may);
  return (
    <div class="sharing" id="sharing">
      <p>
        {owner ? `Owner: ${owner}. ` : "No owner is known. "}
        {isPrivate ? `Only the owner and admins see this ${what}.` : `The whole team sees this ${what}.`}
        {what === "dataset" && " Its runs and models follow, unless you set them on their own pages."}
      </p>
      {maySwitch && (
        <Action
          links={links}
          path={`${path}/visibility`}
          label={isPrivate ? "Share with the team" : "Make private"}
          fields={[{ name: "visibility", value: isPrivate ? "team" : "private" }]}
          then="go"
          curl={curlLine(links, {
            method: "PATCH",
            path: `/api${path}`,
            body: { visibility: isPrivate ? "team" : "private" },
          })}
        />
      )}
    </div>
  );
}

type DeletionProps = Pick<OrganiseProps, "links" | "path" | "what" | "query"> & { deleting: string };

/** Asks before it deletes what is at the path. */
export function Deletion({ links, path, what, deleting, query = "" }: DeletionProps) {
  return (
    <details class="confirm organise-delete" data-needs="train">
      <summary>Delete {what}</summary>
      <div class="confirm-body">
        <p class="fine">{deleting} You can undo it for a minute.</p>
        <Action
          links={links}
          path={`${path}/delete`}
          label={`Delete ${what}`}
          tone="danger"
          then="go"
          curl={curlLine(links, { method: "DELETE", path: `/api${path}${query}` })}
        />
      </div>
    </details>
  );
}
