/**
 * Draws the small pieces that every page is made of: lamps, times, bars, buttons with their curl command, empty states.
 */
import type { Child } from "hono/jsx";
import { type Links, url } from "../layout/page-context.ts";
import { capital, clock, shortName, unbroken, utc } from "./format.ts";
import type { Lamp } from "./words.ts";

/** A signal lamp: empty, so that nothing is read aloud; its meaning is always beside it in words. */
export function LampDot({ lamp }: { lamp: Lamp }) {
  return <span class={`lamp lamp-${lamp}`} />;
}

/** In UTC from the server; app.js converts it to the reader's time zone. */
export function Time({ at, form = "full" }: { at: string; form?: "full" | "clock" | "age" }) {
  return (
    <time datetime={at} data-form={form} title={utc(at)}>
      {form === "clock" ? clock(at) : form === "age" ? utc(at).slice(0, 10) : utc(at)}
    </time>
  );
}

/** A native progress bar with its text beside it; `value` null: unknown. */
export function Bar(props: { label: string; value: number | null; text: string }) {
  const { label, value, text } = props;
  const percent = value === null ? null : Math.round(value * 1000) / 10;
  return (
    <span class="bar">
      {percent === null ? (
        <progress aria-label={label} max="100">
          {text}
        </progress>
      ) : (
        <progress aria-label={label} max="100" value={percent} aria-valuetext={text}>
          {text}
        </progress>
      )}
      <span class="bar-text">{text}</span>
    </span>
  );
}

export function Command({ code, label = "as curl" }: { code: string; label?: string }) {
  return (
    <details class="command">
      <summary>{label}</summary>
      <CodeBlock code={code} label={label} />
    </details>
  );
}

/** Text to paste; the button shows only with JavaScript. */
export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div class="code">
      <pre>
        <code>{code}</code>
      </pre>
      <button type="button" class="quiet needs-js" data-copy aria-label={`Copy: ${label}`}>
        Copy
      </button>
    </div>
  );
}

export interface ActionProps {
  links: Links;
  /** The page path that a form without JavaScript posts to. */
  path: string;
  label: string;
  /** What the button does, as a curl command; null if there is none. */
  curl: string | null;
  fields?: readonly { name: string; value: string }[];
  tone?: "plain" | "primary" | "danger";
  /** "stay": the socket updates the page; "go": the response is another page. */
  then?: "stay" | "go";
  describes?: string;
  /** Hidden from users without this scope. */
  needs?: "train" | "deploy" | "sources" | "admin";
}

/** A button that changes something: a form that works without JavaScript, and its curl command. */
export function Action(props: ActionProps) {
  const {
    links,
    path,
    label,
    curl,
    fields = [],
    tone = "plain",
    then = "stay",
    describes,
    needs = "train",
  } = props;
  const target = url(links, path);
  const stays = then === "stay" ? { "hx-post": target, "hx-swap": "none" } : {};
  return (
    <div class="action" data-needs={needs}>
      <form method="post" action={target} {...stays}>
        {fields.map(({ name, value }) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit" class={tone} {...(describes ? { "aria-label": `${label}: ${describes}` } : {})}>
          {label}
        </button>
      </form>
      {curl && <Command code={curl} />}
    </div>
  );
}

/** An empty state: why there is nothing yet, and what to do. */
export function Empty({ children }: { children: Child }) {
  return <p class="empty">{children}</p>;
}

/** A link from a list's newest rows to all of them. */
export function All({ links, path, label }: { links: Links; path: string; label: string }) {
  return (
    <p class="more">
      <a href={url(links, path)}>{label}</a>
    </p>
  );
}

export function apiUrl(links: Links, path: string): string {
  return `${links.origin}${links.base}${path}`;
}

/** `curl -X METHOD URL`, with a JSON body if there is one. */
export function curlLine(links: Links, request: { method: string; path: string; body?: unknown }): string {
  const address = `'${apiUrl(links, request.path)}'`;
  if (request.body === undefined) return `${links.curl} --fail-with-body -X ${request.method} ${address}`;
  const json = JSON.stringify(request.body).replaceAll("'", "'\\''");
  return `${links.curl} --fail-with-body -X ${request.method} ${address} \\\n  -H 'Content-Type: application/json' -d '${json}'`;
}

/** A name in a sentence or a heading: in its own direction, and cut if it is long. */
export function Name({ of }: { of: string }) {
  const shown = shortName(of);
  return <bdi {...(shown === of ? {} : { title: of })}>{shown}</bdi>;
}

/** Up to the first colon, semicolon or full stop outside names and numbers. */
const FIRST_CLAUSE = /^(?:“[^”]*”|[^“;:.]|[:.](?!\s|$))*[;:.]?/;

const LEAST_LEAD = 24;

/** A verdict on a run or a model: its first clause leads; what it is measured against follows in smaller type. */
export function VerdictWords({ of }: { of: string }) {
  const text = unbroken(of);
  const clause = (from: number) => FIRST_CLAUSE.exec(text.slice(from))?.[0] ?? "";
  const first = clause(0);
  // "Weak signal:" alone says too little.
  const lead = first.length < LEAST_LEAD ? first + clause(first.length) : first;
  const rest = text.slice(lead.length).trim();
  return (
    <>
      <span class="verdict-lead">{lead.replace(/;$/, ".")}</span> {lead.endsWith(";") ? capital(rest) : rest}
    </>
  );
}
