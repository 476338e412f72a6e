/**
 * Makes and checks tokens for embedded panels: self-contained and signed with HMAC-SHA256. Nothing is stored, so a
 * token cannot be revoked alone; it expires, or ends when the secret changes.
 */
import * as z from "zod";
import { lazily } from "../../../platform/zod-setup.ts";

export interface EmbedGrant {
  /** The panel's key: "metrics", or with its subject "stages:RUN". */
  panel: string;
  /** Milliseconds since 1970. */
  expires: number;
}

export type EmbedVerdict = ({ state: "valid" | "expired" } & EmbedGrant) | { state: "invalid" };

const GRANT = lazily(() => z.strictObject({ panel: z.string().min(1).max(200), expires: z.int().min(0) }));
/** Part of the signed data, so that a later token format is never taken for this one. */
const FORM = "e1";

/** "e1.GRANT.SIGNATURE", safe in a URL. */
export function signEmbedToken({ panel, expires }: EmbedGrant, secret: string): string {
  const signed = `${FORM}.${Buffer.from(JSON.stringify({ panel, expires })).toString("base64url")}`;
  return `${signed}.${signatureOf(signed, secret).toString("base64url")}`;
}

/** What the token grants; "expired" only if the signature is ours, so that the page's message is true. */
export function verifyEmbedToken(token: string, secret: string, now: number): EmbedVerdict {
  const match = /^(e1\.([\w-]{1,600}))\.([\w-]{43})$/.exec(token);
  if (!match) return { state: "invalid" };
  const given = Buffer.from(match[3]!, "base64url");
  if (!crypto.timingSafeEqual(given, signatureOf(match[1]!, secret))) return { state: "invalid" };
  const grant = GRANT().parse(JSON.parse(Buffer.from(match[2]!, "base64url").toString()));
  return { state: grant.expires > now ? "valid" : "expired", ...grant };
}

function signatureOf(signed: string, secret: string): Buffer {
  return new Bun.CryptoHasher("sha256", secret).update(signed).digest();
}
