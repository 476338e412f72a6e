/** Reads the token from a request: `Authorization: Bearer TOKEN`, or Basic with the token as password (curl -u). */
import { AppError } from "../../platform/errors.ts";

export interface Credential {
  scheme: "bearer" | "basic";
  token: string;
}

/** Null: there is none. Throws AppError `unauthorized` for an unsupported scheme. */
export function readCredential(headers: Headers): Credential | null {
  const header = headers.get("authorization");
  if (header === null) return null;
  const [, scheme = "", value = ""] = /^(\S+)\s+(.+)$/.exec(header.trim()) ?? [];
  if (/^bearer$/i.test(scheme)) return { scheme: "bearer", token: value };
  if (/^basic$/i.test(scheme)) return { scheme: "basic", token: passwordOf(value) };
  throw new AppError("unauthorized", "The Authorization header cannot be read", {
    fix: "Send Authorization: Bearer TOKEN.",
  });
}

/** `curl -u any:TOKEN`, and `curl -u TOKEN:`. */
function passwordOf(base64: string): string {
  const [user = "", ...password] = Buffer.from(base64, "base64").toString().split(":");
  return password.join(":") || user;
}
