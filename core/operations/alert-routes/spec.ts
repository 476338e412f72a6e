/** Describes where alerts are sent: by which channel, which alerts, and when not. */
import * as z from "zod";
import { ALERT_CODES, type AlertCode } from "../../events/alert-records.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import { isTimeZone } from "./clock.ts";

export const CHANNELS = ["email", "slack", "teams", "discord", "ntfy", "webhook"] as const;
export type Channel = (typeof CHANNELS)[number];

const CLOCK = lazily(() =>
  z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time, for example 22:00"),
);
const ZONE = lazily(() =>
  z.string().max(60).refine(isTimeZone, "must be a time zone, for example Europe/Berlin"),
);

export const ROUTE_REQUEST = lazily(() =>
  z.strictObject({
    name: z.string().trim().min(1).max(100),
    channel: z.enum(CHANNELS),
    to: z
      .string()
      .min(1)
      .max(2000)
      .describe("mail addresses separated by commas, or the channel's webhook address; never shown again"),
    token: z.string().max(500).optional().describe("ntfy: an access token; never shown again"),
    severities: z
      .array(z.enum(["warning", "error"]))
      .optional()
      .describe("all if left out"),
    kinds: z
      .array(z.enum(ALERT_CODES as [AlertCode, ...AlertCode[]]))
      .optional()
      .describe("all if left out"),
    models: z.array(z.string().max(100)).max(100).optional().describe("only alerts of these models"),
    resolved: z.boolean().optional().describe("also report when an alert ends; true if left out"),
    quiet: z
      .strictObject({
        from: CLOCK(),
        to: CLOCK(),
        timeZone: ZONE().optional(),
        exceptErrors: z.boolean().optional(),
      })
      .nullable()
      .optional()
      .describe("alerts in these hours are sent after them, if still active"),
    digest: z
      .strictObject({
        every: z.enum(["day", "week"]),
        at: CLOCK().optional(),
        timeZone: ZONE().optional(),
      })
      .nullable()
      .optional()
      .describe(
        "instead of single alerts: a summary by day, or by week on Mondays, with the figures that changed",
      ),
    enabled: z.boolean().optional(),
  }),
);
export type RouteRequest = OutputOf<typeof ROUTE_REQUEST>;
export const ROUTE_PATCH = lazily(() => ROUTE_REQUEST().partial());

/** The parts that are not secret. */
export type RouteSpec = Omit<RouteRequest, "name" | "to" | "token" | "enabled">;
export interface RouteTarget {
  to: string;
  token?: string | undefined;
}

const MAIL = /^[^\s@,<>"]+@[^\s@,<>"]+$/;

/** Throws AppError `invalid`. */
export function checkTarget({ channel, to }: Pick<RouteRequest, "channel" | "to">): void {
  if (channel === "email") {
    if (mailAddresses(to).every((address) => MAIL.test(address))) return;
    throw new AppError("invalid", "A mail address is not valid", {
      column: "to",
      example: "team@example.com",
    });
  }
  const url = URL.parse(to);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (!url || !isWeb || url.username || url.password)
    throw new AppError("invalid", "The address must begin with https:// and have no password in it", {
      column: "to",
      example: channel === "ntfy" ? "https://ntfy.sh/my-alerts" : "https://hooks.example.com/…",
    });
  if (channel === "ntfy" && !/^\/[^/]+$/.test(url.pathname))
    throw new AppError("invalid", "The ntfy address must end with its topic", {
      column: "to",
      example: "https://ntfy.sh/my-alerts",
    });
}

export function mailAddresses(to: string): string[] {
  return to
    .split(",")
    .map((address) => address.trim())
    .filter(Boolean);
}

/** Mail addresses may be shown; of a webhook's address only the host: its path is a secret. */
export function shownTarget({ channel, to }: Pick<RouteRequest, "channel" | "to">): string {
  if (channel === "email") return mailAddresses(to).join(", ");
  const url = URL.parse(to);
  return url ? `${url.protocol}//${url.host}/…` : "";
}
