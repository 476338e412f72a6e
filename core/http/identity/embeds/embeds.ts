/**
 * Limits what a request with an embed token may see. The panel that the token names, by each of its addresses.
 */
import { AppError } from "../../../platform/errors.ts";
import { keptValue, type Store } from "../../../store/database.ts";
import { newSecret } from "../identity.ts";
import { type EmbedGrant, verifyEmbedToken } from "./embed-token.ts";

/** EMBED_SECRET, or one that is generated once and stored. */
export async function embedSecretOf(configured: string, store: Store): Promise<string> {
  return configured || (await keptValue(store, "embed_secret", () => newSecret("")));
}

/** Null: it has no token. Throws AppError `unauthorized` that says whether the token has expired or is invalid. */
export function embedGrant(request: Request, secret: string, now: number): EmbedGrant | null {
  const token = new URL(request.url).searchParams.get("token");
  if (token === null) return null;
  const verdict = verifyEmbedToken(token, secret, now);
  if (verdict.state === "valid") return verdict;
  const fix = "Ask the owner of the page that shows this panel for a new link.";
  if (verdict.state === "invalid")
    throw new AppError("unauthorized", "This link is not valid: the link or its secret was changed", { fix });
  const since = new Date(verdict.expires).toISOString();
  throw new AppError("unauthorized", `This link expired at ${since}`, { fix });
}

/** Throws AppError `forbidden` if anything but the panel is requested. */
export function refuseOtherPanels(url: URL, path: string, panel: string): void {
  const subject = url.searchParams.get("of");
  const [, name = ""] = /^\/(?:embed|panels)\/([^./]+)(?:\.\w+)?$/.exec(path) ?? [];
  const asked =
    path === "/ws" || path === "/panels"
      ? (url.searchParams.get("panels") ?? "").split(",")
      : [subject === null ? decodeURIComponent(name) : `${decodeURIComponent(name)}:${subject}`];
  const isEvents = url.searchParams.get("format") === "json";
  if (!isEvents && asked.every((key) => key === panel)) return;
  throw new AppError("forbidden", `This link shows only the panel ${panel}`, {
    fix: "Make a link for the other panel.",
  });
}
