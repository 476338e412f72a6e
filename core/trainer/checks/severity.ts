/** Orders findings. */
import type { Finding, Severity } from "../../csv/types.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

/** Errors first; among equals as they were found. What a file and its run both say is told once. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  const told = new Map(
    findings.map((finding) => [`${finding.code} ${finding.column} ${finding.message}`, finding]),
  );
  return [...told.values()].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** Those that make a score worthless unless you know that they are harmless. */
export const errorsAmong = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ severity }) => severity === "error");
