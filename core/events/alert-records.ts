/** Every kind of alert, one entry each: what it means, where its button leads and when it ends. Docs and checks read this record. */
import type { AlertAction } from "../store/alerts.ts";

export interface AlertRecord {
  /** When it is raised, in one sentence. */
  says: string;
  /** What `subject` identifies. */
  subject: "run" | "model" | "gauge" | "dataset" | "source" | "schedule" | "host";
  /** Label of its button. */
  action: string;
  /** Where the button leads, by subject. */
  path: (subject: string) => string;
  /** It is about the live version, and ends when another version becomes live. */
  endsWithLive?: true;
}

const modelPage = (name: string) => `/models/${encodeURIComponent(name)}#watch`;

export const ALERTS = {
  "run.failed": {
    says: "A training failed. Ends when it is resumed, or a training of the same model finishes.",
    subject: "run",
    action: "Open run",
    path: (id) => `/runs/${id}`,
  },
  health: {
    says: "A gauge stayed above its warning or critical threshold. Ends when it is back below.",
    subject: "gauge",
    action: "Show the machine",
    path: () => "/#machine",
  },
  host: {
    says: "A server or worker stopped answering without being stopped. Ends when it is back.",
    subject: "host",
    action: "Show the hosts",
    path: () => "/#machine",
  },
  "live-figures": {
    says: "The live version is less accurate on actual outcomes than on its test set, beyond chance.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  drift: {
    says: "The rows sent to the live version differ strongly from its training data.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  "new-categories": {
    says: "The rows sent to the live version contain many categories that were not in its training data.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  challenger: {
    says: "The challenger is more accurate than the live version, beyond chance.",
    subject: "model",
    action: "Open model",
    path: modelPage,
  },
  refresh: {
    says: "A new file of a dataset does not fit what was there before: columns, types or import settings. Ends when it is dismissed.",
    subject: "dataset",
    action: "Open dataset",
    path: (id) => `/datasets/${id}`,
  },
  source: {
    says: "A source could not be refreshed. Ends when it is.",
    subject: "source",
    action: "Open sources",
    path: (id) => `/sources#${id}`,
  },
  schedule: {
    says: "A schedule's last run failed or was cut off. Ends when it succeeds.",
    subject: "schedule",
    action: "Open schedules",
    path: (id) => `/schedules#${id}`,
  },
  "schedule-result": {
    says: "A scheduled training has a result that someone should look at. Ends when the next one needs no look.",
    subject: "model",
    action: "Open model",
    path: modelPage,
  },
} as const satisfies Record<string, AlertRecord>;

export type AlertCode = keyof typeof ALERTS;
export const ALERT_CODES = Object.keys(ALERTS) as AlertCode[];

/** Those that end when another version becomes live. */
export const LIVE_ALERTS = ALERT_CODES.filter((code) => "endsWithLive" in ALERTS[code]);

/** The button of an alert. */
export function alertAction(code: AlertCode, subject = ""): AlertAction {
  const { action, path }: AlertRecord = ALERTS[code];
  return { label: action, method: "get", path: path(subject) };
}
