/** Every kind of alert, one entry each: what it means, where its button leads and when it ends. Docs and checks read this record. */
import type { AlertAction } from "../store/alerts.ts";

export interface AlertRecord {
  /** When it is raised, in one sentence. */
  says: string;
  /** What is at risk while it is active, in one sentence. */
  risk: string;
  /** What the reader can do, in one or two sentences. */
  fix: string;
  /** What `subject` identifies. */
  subject: "run" | "model" | "gauge" | "dataset" | "source" | "schedule" | "host" | "tokens";
  /** Label of its button. */
  action: string;
  /** Where the button leads, by subject. */
  path: (subject: string) => string;
  /** True if it is about the live version, and ends when another version becomes live. */
  endsWithLive?: true;
}

const modelPage = (name: string) => `/models/${encodeURIComponent(name)}#watch`;

export const ALERTS = {
  scopes: {
    says: "Tokens with the scope train were given the scope deploy when it was introduced. Ends when it is dismissed.",
    risk: "A program that should only train can also change which version serves predictions.",
    fix: "Create tokens without the scope deploy for such programs, and revoke the old ones.",
    subject: "tokens",
    action: "Show tokens",
    path: () => "/settings/tokens",
  },
  "run.failed": {
    says: "A training failed. Ends when it is resumed, or a training of the same model finishes.",
    risk: "The model is not trained; the live version, if there is one, still predicts.",
    fix: "Open the run and read its error. Then resume it, or train again with other settings.",
    subject: "run",
    action: "Open run",
    path: (id) => `/runs/${id}`,
  },
  health: {
    says: "A gauge stayed above its warning or critical threshold. Ends when it is back below.",
    risk: "While this lasts, predictions and trainings can become slow or fail.",
    fix: "Free up what is named, or give this machine more of it.",
    subject: "gauge",
    action: "Show the machine",
    path: () => "/#machine",
  },
  host: {
    says: "A server or worker stopped responding without being shut down. Ends when it is back.",
    risk: "Others take over what it trained or read, with a delay; with fewer servers left, the next failure stops more.",
    fix: "Check that host and start it again, or remove it permanently.",
    subject: "host",
    action: "Show the hosts",
    path: () => "/#machine",
  },
  "live-figures": {
    says: "The live version is less accurate on actual outcomes than on its test set, beyond chance.",
    risk: "Decisions based on this model are wrong more often than its test results promise.",
    fix: "Look at the weakest segments. Then retrain on newer rows, or go back to an earlier version.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  drift: {
    says: "The rows sent to the live version differ strongly from its training data.",
    risk: "The model was not trained on rows like these, so its predictions may be less accurate.",
    fix: "Check whether the system that sends the rows has changed. If the change is real, retrain on newer rows.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  "new-categories": {
    says: "The rows sent to the live version contain many categories that were not in its training data.",
    risk: "The model ignores values that it has never seen, so these predictions use less information.",
    fix: "Check how the values are written. If they are new, retrain on rows that have them.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  challenger: {
    says: "The challenger is more accurate than the live version, beyond chance.",
    risk: "Each prediction of the live version is wrong more often than it needs to be.",
    fix: "Compare both on the model's page, then deploy the challenger.",
    subject: "model",
    action: "Open model",
    path: modelPage,
  },
  canary: {
    says: "A canary, a version that answers a share of the traffic, failed too often or was too slow, so the live version answers everything again. Ends when a version is deployed or another canary starts.",
    risk: "The new version should not be deployed as it is. Some requests took longer, because the live version predicted them after the canary had failed.",
    fix: "Read the reason and the server's log. Then train again, or begin a canary with other limits.",
    subject: "model",
    action: "Open model",
    path: modelPage,
    endsWithLive: true,
  },
  refresh: {
    says: "A new file of a dataset does not fit the previous one: columns, types or import settings. Ends when it is dismissed.",
    risk: "Trainings and predictions that use this dataset may fail or learn from the wrong columns.",
    fix: "Check where the file comes from, or change the import settings.",
    subject: "dataset",
    action: "Open dataset",
    path: (id) => `/datasets/${id}`,
  },
  source: {
    says: "A source could not be refreshed. Ends when it is.",
    risk: "The dataset stays as it is, so trainings and predictions use old rows.",
    fix: "Correct the source, then select Refresh.",
    subject: "source",
    action: "Open sources",
    path: (id) => `/sources#${id}`,
  },
  schedule: {
    says: "A schedule's last run failed or was interrupted. Ends when it succeeds.",
    risk: "Until a run succeeds, the data or model that this schedule updates gets older.",
    fix: "Fix the error that it names, then select Run now.",
    subject: "schedule",
    action: "Open schedules",
    path: (id) => `/schedules#${id}`,
  },
  "schedule-result": {
    says: "A scheduled training has a result that someone should check. Ends when the next one needs no check.",
    risk: "The live version has not changed, although a new one is waiting for a decision.",
    fix: "Compare the versions on the model's page, then deploy one of them or dismiss this.",
    subject: "model",
    action: "Open model",
    path: modelPage,
  },
} as const satisfies Record<string, AlertRecord>;

export type AlertCode = keyof typeof ALERTS;
export const ALERT_CODES = Object.keys(ALERTS) as AlertCode[];

/** Alerts that end when another version becomes live. */
export const LIVE_ALERTS = ALERT_CODES.filter((code) => "endsWithLive" in ALERTS[code]);

/** Null: a kind of another version of this program. */
export function alertRecord(code: string): AlertRecord | null {
  return Object.hasOwn(ALERTS, code) ? ALERTS[code as AlertCode] : null;
}

/** The button of an alert. */
export function alertAction(code: AlertCode, subject = ""): AlertAction {
  const { action, path }: AlertRecord = ALERTS[code];
  return { label: action, method: "get", path: path(subject) };
}
