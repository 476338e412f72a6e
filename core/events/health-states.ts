/** The states that a gauge can be in, from best to worst, with the text for each. */

export interface HealthStateRecord {
  /** On its own: a lamp's label, a badge. */
  label: string;
  /** After a gauge's name: "CPU is high". */
  phrase: string;
}

export const HEALTH_STATES = {
  healthy: { label: "OK", phrase: "is back to normal" },
  warning: { label: "Elevated", phrase: "is high" },
  critical: { label: "Critical", phrase: "is critical" },
} as const satisfies Record<string, HealthStateRecord>;

export type HealthState = keyof typeof HEALTH_STATES;
export const HEALTH_STATE_NAMES = Object.keys(HEALTH_STATES) as HealthState[];
