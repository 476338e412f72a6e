/** Builds the beginning of a curl command to paste. A needed token comes from a shell variable, never in plain text. */
import type { Config } from "../../operations/config.ts";

export function curlCommand({ AUTH }: Pick<Config, "AUTH">): string {
  return AUTH === "token" ? 'curl -H "Authorization: Bearer $SIGNALBOX_TOKEN"' : "curl";
}
