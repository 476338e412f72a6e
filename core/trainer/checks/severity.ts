/** Orders findings by severity. */
import type { Finding, Severity } from "../../csv/types.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

/** Errors first; equal ones in the order found. A finding that both the file and its run report appears once. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  const told = new Map(
    findings.map((finding) => [`${finding.code} ${finding.column} ${finding.message}`, finding]),
  );
  return [...told.values()].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** Findings that make a score worthless unless the column is known to be harmless. */
export const errorsAmong = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ severity }) => severity === "error");
