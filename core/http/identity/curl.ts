/**
 * Makes the beginning of a curl command to paste. Where a token is needed, it comes from the shell's variable, never
 * in the open.
 */
import type { Config } from "../../operations/config.ts";

export function curlCommand({ AUTH }: Pick<Config, "AUTH">): string {
  return AUTH === "token" ? 'curl -H "Authorization: Bearer $SIGNALBOX_TOKEN"' : "curl";
}
