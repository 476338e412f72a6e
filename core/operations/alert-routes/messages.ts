/** Writes a message in the form of each channel. */
import type { Channel, RouteTarget } from "./spec.ts";

export interface Message {
  title: string;
  /** Sentences, one per line. */
  lines: string[];
  severity: "info" | "warning" | "error";
  /** The link in the message. */
  url: string;
  /** For plain webhooks. */
  data: Record<string, unknown>;
}

export interface WebRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

const COLOURS = { info: 0x3b82f6, warning: 0xd97706, error: 0xdc2626 };
const TEAMS_COLOURS = { info: "accent", warning: "warning", error: "attention" };
const PRIORITIES = { info: 3, warning: 4, error: 5 };
/** Discord and ntfy refuse longer ones. */
const MOST_TEXT = 3500;

/** The request for every channel except mail. */
export function requestFor(
  channel: Exclude<Channel, "email">,
  { to, token }: RouteTarget,
  message: Message,
): WebRequest {
  const { url, payload } = WRITERS[channel](message, to);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  return { url, headers, body: JSON.stringify(payload) };
}

type Writer = (message: Message, to: string) => { url: string; payload: unknown };

const textOf = ({ lines }: Message) => lines.join("\n").slice(0, MOST_TEXT);

const WRITERS: Record<Exclude<Channel, "email">, Writer> = {
  slack: (message, url) => {
    const title = slackText(message.title);
    const text = `*${title}*\n${slackText(textOf(message))}`;
    const link = { type: "mrkdwn", text: `<${message.url}|Open Signalbox>` };
    return {
      url,
      payload: {
        text: title,
        blocks: [
          { type: "section", text: { type: "mrkdwn", text: text.slice(0, 2900) } },
          { type: "context", elements: [link] },
        ],
      },
    };
  },
  teams: (message, url) => ({
    url,
    payload: {
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          contentUrl: null,
          content: {
            $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
            type: "AdaptiveCard",
            version: "1.4",
            body: [
              {
                type: "TextBlock",
                text: message.title,
                weight: "bolder",
                size: "medium",
                wrap: true,
                color: TEAMS_COLOURS[message.severity],
              },
              ...message.lines.map((text) => ({ type: "TextBlock", text, wrap: true })),
            ],
            actions: [{ type: "Action.OpenUrl", title: "Open Signalbox", url: message.url }],
          },
        },
      ],
    },
  }),
  discord: (message, url) => ({
    url,
    payload: {
      embeds: [
        {
          title: message.title.slice(0, 250),
          description: textOf(message),
          url: message.url,
          color: COLOURS[message.severity],
        },
      ],
      // A name in a sentence must not mention everyone.
      allowed_mentions: { parse: [] },
    },
  }),
  ntfy: (message, to) => {
    const { origin, pathname } = new URL(to);
    return {
      url: origin,
      payload: {
        topic: decodeURIComponent(pathname.slice(1)),
        title: message.title,
        message: textOf(message),
        priority: PRIORITIES[message.severity],
        click: message.url,
      },
    };
  },
  webhook: (message, url) => ({
    url,
    payload: {
      title: message.title,
      text: textOf(message),
      severity: message.severity,
      url: message.url,
      ...message.data,
    },
  }),
};

function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A mail without HTML, because names in it come from files. */
export function mailText({ lines, url }: Message): string {
  return `${lines.join("\n")}\n\n${url}\n`;
}
