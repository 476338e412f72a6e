/**
 * Collects what a portal needs to show a panel: the URL of the frame with its token, and the code to paste: a frame, an
 * element, a badge, a fragment for htmx. A token is made if the panel needs sign-in, or if its link expires.
 */
import * as z from "zod";
import { findPanel, PANEL_NAMES, PANELS, type Panel, panelKey } from "../../events/panel-names.ts";
import { TEAM_VISIBLE } from "../../events/privacy.ts";
import { signEmbedToken } from "../../http/identity/embeds/embed-token.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import { type PanelSource, READERS } from "./panel-data.ts";

const DAY_SECONDS = 86_400;
const DEFAULT_DAYS = 30;
const EMBED_THEMES = ["auto", "light", "dark"] as const;

/** The body of `POST /api/embeds`. */
export const EMBED_REQUEST = lazily(() =>
  z.strictObject({
    panel: z.enum(PANEL_NAMES),
    of: z
      .string()
      .max(120)
      .optional()
      .describe("the run's ID or the model's name; without it the current one"),
    theme: z.enum(EMBED_THEMES).default("auto"),
    expiresInSeconds: z
      .int()
      .min(1)
      .max(365 * DAY_SECONDS)
      .optional()
      .describe("30 days if sign-in is on, else never"),
  }),
);
export type EmbedRequest = OutputOf<typeof EMBED_REQUEST>;

export interface Embed {
  panel: string;
  of: string | null;
  theme: EmbedRequest["theme"];
  url: string;
  token: string | null;
  expiresAt: string | null;
  /** Origins whose pages may frame it now. */
  origins: string[];
  iframe: string;
  element: string;
  badge: string;
  fragment: string;
}

/** `home`: origin and base path, as portals reach us. Throws AppError `missing` for a subject that does not exist. */
export async function makeEmbed(signalbox: PanelSource, home: string, asked: EmbedRequest): Promise<Embed> {
  const { panel, subject } = findPanel(asked.panel, asked.of || undefined);
  if (subject !== null && (await READERS[panel](signalbox, subject)) === null)
    throw new AppError("missing", `No ${panel} exists for ${subject}`, { column: "of" });
  refusePrivate(signalbox, panel, subject);
  const { theme } = asked;
  const isNeeded = signalbox.config.AUTH !== "none" || asked.expiresInSeconds !== undefined;
  const seconds = asked.expiresInSeconds ?? DEFAULT_DAYS * DAY_SECONDS;
  const expires = signalbox.now() + seconds * 1000;
  const token = isNeeded
    ? signEmbedToken({ panel: panelKey(panel, subject), expires }, signalbox.embedSecret)
    : null;
  const address = (path: string, withTheme: EmbedRequest["theme"] | null) => {
    const query = new URLSearchParams({
      ...(subject !== null && { of: subject }),
      ...(withTheme !== null && withTheme !== "auto" && { theme: withTheme }),
      ...(token !== null && { token }),
    });
    return `${home}${path}${query.size ? `?${query}` : ""}`;
  };
  const url = address(`/embed/${panel}`, theme);
  return {
    ...{ panel, of: subject, theme, url, token },
    expiresAt: isNeeded ? new Date(expires).toISOString() : null,
    origins: signalbox.config.EMBED_ORIGINS,
    ...snippets({ panel, subject, theme, token, home, url, address }),
  };
}

/** Everybody with the link would see it. Throws AppError `conflict`. */
function refusePrivate({ privacy }: PanelSource, panel: Panel, subject: string | null): void {
  const kind = PANELS[panel];
  if (kind === null || subject === null || privacy.sees(TEAM_VISIBLE, kind, subject)) return;
  throw new AppError("conflict", `The ${kind} ${subject} is private, so it cannot be embedded`, {
    fix: "Share it with the team first.",
  });
}

function snippets(embed: {
  panel: string;
  subject: string | null;
  theme: string;
  token: string | null;
  home: string;
  url: string;
  address: (path: string, theme: null) => string;
}) {
  const { panel, subject, theme, token, home, url, address } = embed;
  const script = `<script async src="${home}/static/signalbox-panel.js"></script>`;
  const attributes = [
    `panel="${panel}"`,
    ...(subject === null ? [] : [`of="${subject}"`]),
    ...(theme === "auto" ? [] : [`theme="${theme}"`]),
    ...(token === null ? [] : [`token="${token}"`]),
  ];
  const badge = attribute(address(`/panels/${panel}.svg`, null));
  const fragment = attribute(address(`/panels/${panel}`, null));
  return {
    iframe:
      `${script}\n<iframe src="${attribute(url)}" title="Signalbox: ${panel}" loading="lazy" ` +
      `style="inline-size: 100%; border: 0"></iframe>`,
    element: `${script}\n<signalbox-panel ${attributes.join(" ")}></signalbox-panel>`,
    badge: `<img src="${badge}" alt="Signalbox: ${panel}">`,
    // By default htmx 4 requests its own origin only.
    fragment:
      `<!-- In the head, before htmx: -->\n<meta name="htmx-config" content='{"mode": "cors"}'>\n` +
      `<div hx-get="${fragment}" hx-trigger="load, every 5s"></div>`,
  };
}

/** Text as an attribute's value in double quotes. */
function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
