/** Lists each setting's label and explanation, beside its name in the environment. */

export interface SettingWords {
  label: string;
  hint?: string;
  /** The unit after the field. */
  unit?: string;
}

/** A setting that is not listed shows the sentence of --help. */
export const SETTING_WORDS: Record<string, SettingWords> = {
  EMBED_ORIGINS: {
    label: "Allowed sites",
    hint: "Sites that may show panels in a frame, for example https://intranet.example.com. Separate them with commas.",
  },
  HEALTH_CPU: {
    label: "CPU",
    unit: "%",
    hint: "Used by other programs. Your own training runs do not count.",
  },
  HEALTH_MEMORY: { label: "Memory", unit: "%" },
  HEALTH_DISK: { label: "Disk", unit: "%" },
  HEALTH_LOOP: { label: "Response delay", unit: "ms" },
  HEALTH_QUEUE: { label: "Waiting runs", unit: "runs" },
  HEALTH_WAIT: { label: "Queue wait", unit: "s" },
  RETENTION_DAYS: { label: "Events", unit: "days" },
  PREDICTION_LOG: {
    label: "Keep predictions",
    hint: "Needed to report actual outcomes and to monitor accuracy.",
  },
  PREDICTION_SAMPLE: {
    label: "Share stored when sampled",
    hint: "From 0.0001 to 1: 0.1 stores one in ten.",
  },
  PREDICTION_LOG_DAYS: { label: "Predictions and outcomes", unit: "days" },
  PREDICTION_LOG_MB: { label: "Space for predictions", unit: "MB", hint: "The oldest are deleted first." },
  SOURCE_HOSTS: {
    label: "Allowed hosts",
    hint: "For example data.example.com, *.example.com or db.example.com:5432. Addresses inside your network need 10.0.0.0/8 and the like as well. A folder such as /srv/data allows its SQLite files. * allows every public host.",
  },
  WEBHOOK_URL: { label: "Webhook address", hint: "Every event is posted to it as JSON." },
  WEBHOOK_TYPES: {
    label: "Events for this address",
    hint: "For example run.finished, alert.raised. Empty: everything in the activity feed.",
  },
  WEBHOOK_SECRET: {
    label: "Signing secret",
    hint: "At least 16 characters. Posted events are signed with it.",
  },
};

export const OPTION_WORDS: Record<string, string> = {
  full: "All of them",
  sampled: "A sample",
  off: "None",
};
