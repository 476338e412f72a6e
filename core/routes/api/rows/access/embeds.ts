/** The API of embeds: what a portal pastes to show a panel. */
import { EMBED_REQUEST, makeEmbed } from "../../../data/embeds.ts";
import { json, route } from "../../route.ts";

export const EMBED_ROUTES = [
  route({
    method: "POST",
    path: "/api/embeds",
    scope: "embed",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"panel":"metrics","theme":"dark","expiresInSeconds":86400}' '{home}/api/embeds'`,
    says: "Makes the URL of a panel for a frame on another page, with its token, and the lines to paste.",
    body: EMBED_REQUEST,
    isSecret: true,
    answers: { 201: json("EMBED") },
    refusals: ["missing", "conflict"],
    handle: async ({ signalbox, home, body }) =>
      Response.json(await makeEmbed(signalbox, home, body), { status: 201 }),
  }),
];
