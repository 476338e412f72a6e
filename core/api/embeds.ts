/** The API of embeds: what a portal pastes to show a panel. */
import { EMBED_REQUEST, makeEmbed } from "../embeds.ts";
import { readJson } from "../http/body.ts";
import type { Route } from "./route.ts";

export const EMBED_ROUTES: Route[] = [
  {
    method: "POST",
    path: "/api/embeds",
    scope: "embed",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"panel":"metrics","theme":"dark","expiresInSeconds":86400}' '{home}/api/embeds'`,
    says: "The address of a panel for a frame on another page, with its token, and the lines to paste.",
    body: EMBED_REQUEST,
    handle: async ({ box, home, request }) =>
      Response.json(makeEmbed(box, home, await readJson(request, EMBED_REQUEST)), { status: 201 }),
  },
];
