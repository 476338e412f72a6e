/** Draws the activity feed, and the short list of what needs attention with one action each. */
import type { Activity } from "../../core/events/event-log.ts";
import type { AttentionItem, PanelData } from "../../core/routes/data/panel-data.ts";
import { type Links, url } from "../layout/page-context.ts";
import { plural, unbroken } from "../parts/format.ts";
import { Action, All, curlLine, Empty, LampDot, Time } from "../parts/parts.tsx";
import type { Lamp } from "../parts/words.ts";

const LEVEL_LAMPS: Record<Activity["level"], Lamp> = {
  info: "dark",
  success: "clear",
  warning: "caution",
  error: "danger",
};

const LEVEL_WORDS: Record<Activity["level"], string> = {
  info: "",
  success: "Success: ",
  warning: "Warning: ",
  error: "Error: ",
};

export function ActivityPanel({ data, links }: { data: PanelData["activity"]; links: Links }) {
  if (!data.items.length) return <Empty>Nothing has happened yet. Uploading a CSV is the first event.</Empty>;
  return (
    <>
      <button type="button" class="quiet needs-js feed-pause" data-pause="activity" aria-pressed="false">
        Pause
      </button>
      {/* Off: the one status line speaks; a feed that is read aloud would drown it. */}
      <div class="feed scroll" role="log" aria-live="off" aria-label="Activity" tabindex={0}>
        <Feed items={data.items} />
      </div>
      <All links={links} path="/activity" label="All activity" />
    </>
  );
}

/** The class for what toasts.js also shows in a corner: changes that the viewer did not just request. */
const NOTIFIES: readonly Activity["type"][] = [
  "health.changed",
  "alert.raised",
  "alert.resolved",
  "run.finished",
  "run.failed",
];

/** `form` of the times: events that may be from another day need a date. */
export function Feed({ items, form = "clock" }: { items: readonly Activity[]; form?: "clock" | "full" }) {
  if (!items.length) return <Empty>No older events are kept.</Empty>;
  return (
    <ol class={`feed-list feed-${form}`}>
      {grouped(items).map((group) => (
        <FeedGroup group={group} form={form} />
      ))}
    </ol>
  );
}

/** Consecutive steps of one run, or changes of the machine's state, are shown as one row with the newest. */
interface Group {
  key: string;
  newest: Activity;
  earlier: Activity[];
}

function grouped(items: readonly Activity[]): Group[] {
  const groups: Group[] = [];
  for (const item of items) {
    const key = groupKey(item);
    const last = groups.at(-1);
    if (last && last.key === key) last.earlier.push(item);
    else groups.push({ key, newest: item, earlier: [] });
  }
  return groups;
}

function groupKey({ type, seq, sentence }: Activity): string {
  if (type.startsWith("stage.") || type.startsWith("candidate.")) return `steps-${sentence.split(":", 1)[0]}`;
  return type === "health.changed" ? type : String(seq);
}

function FeedGroup({ group: { newest, earlier }, form }: { group: Group; form: "clock" | "full" }) {
  return (
    <li id={`event-${newest.seq}`}>
      <FeedItem item={newest} form={form} />
      {earlier.length > 0 && (
        <details>
          <summary>{plural(earlier.length, "earlier step")}</summary>
          <ol>
            {earlier.map((item) => (
              <li id={`event-${item.seq}`}>
                <FeedItem item={item} form={form} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </li>
  );
}

function FeedItem({ item, form }: { item: Activity; form: "clock" | "full" }) {
  return (
    <p
      class={`feed-item feed-${item.level}`}
      {...(NOTIFIES.includes(item.type) ? { "data-notify": String(item.seq) } : {})}
    >
      <LampDot lamp={LEVEL_LAMPS[item.level]} />
      <Time at={item.at} form={form} />
      <span class="feed-sentence">
        <span class="visually-hidden">{LEVEL_WORDS[item.level]}</span>
        {unbroken(item.sentence)}
      </span>
    </p>
  );
}

/** Errors first; the others are one click away, so that the dashboard stays one screen. */
const SHOWN = 3;

export function AttentionPanel({ data, links }: { data: PanelData["attention"]; links: Links }) {
  if (!data.items.length) {
    return (
      <p class="verdict-line">
        <LampDot lamp="clear" />
        Nothing needs attention.
      </p>
    );
  }
  const isError = ({ severity }: AttentionItem) => severity === "error";
  const items = [...data.items.filter(isError), ...data.items.filter((item) => !isError(item))];
  return (
    <>
      <AttentionList items={items.slice(0, SHOWN)} links={links} />
      {items.length > SHOWN && (
        <details id="attention-more">
          <summary>{items.length - SHOWN} more</summary>
          <AttentionList items={items.slice(SHOWN)} links={links} />
        </details>
      )}
    </>
  );
}

function AttentionList({ items, links }: { items: readonly AttentionItem[]; links: Links }) {
  return (
    <ul class="attention">
      {items.map((item) => (
        <li class={`attention-${item.severity}`} {...(item.alertId ? { id: `alert-${item.alertId}` } : {})}>
          <LampDot lamp={item.severity === "error" ? "danger" : "caution"} />
          <div>
            <p>{unbroken(item.sentence)}</p>
            {item.risk && (
              <p class="fine">
                {item.risk} {item.fix}
              </p>
            )}
          </div>
          <div class="actions">
            <AttentionAction item={item} links={links} />
            {item.alertId && <Dismiss alertId={item.alertId} item={item} links={links} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

function AttentionAction({ item, links }: { item: AttentionItem; links: Links }) {
  const { label, method, path } = item.action;
  if (method === "get") {
    return (
      <a class="button" href={url(links, path)}>
        {label}
      </a>
    );
  }
  const curl = curlLine(links, { method: "POST", path: `/api${path}` });
  return <Action links={links} path={path} label={label} describes={item.sentence} curl={curl} />;
}

function Dismiss({ alertId, item, links }: { alertId: string; item: AttentionItem; links: Links }) {
  const curl = curlLine(links, { method: "DELETE", path: `/api/alerts/${alertId}` });
  const path = `/alerts/${alertId}/dismiss`;
  return (
    <details id={`alert-${alertId}-seen`} data-needs="train">
      <summary>Dismiss</summary>
      <p class="fine">
        Removes it from this list, but does not fix the cause. It stays in the activity feed.
      </p>
      <Action links={links} path={path} label="Dismiss" describes={item.sentence} curl={curl} />
    </details>
  );
}
