/** The API of embeds: what a portal pastes to show a panel. */
import * as z from "zod";
import { EMBED_REQUEST, type Embed, makeEmbed } from "../../../data/embeds.ts";
import { route } from "../../route.ts";
import { TIME } from "../../schemas/datasets.ts";

const EMBED = z
  .object({
    panel: z.string(),
    of: z.string().nullable(),
    theme: z.enum(["auto", "light", "dark"]),
    url: z.string(),
    token: z.string().nullable().describe("already part of the URL; null if sign-in is turned off"),
    expiresAt: TIME.nullable(),
    origins: z.array(z.string()).describe("whose pages may frame it"),
    iframe: z.string(),
    element: z.string(),
    fragment: z.string(),
    badge: z.string(),
  })
  .meta({ id: "Embed" }) satisfies z.ZodType<Embed>;

export const EMBED_ROUTES = [
  route({
    method: "POST",
    path: "/api/embeds",
    scope: "embed",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"panel":"metrics","theme":"dark","expiresInSeconds":86400}' '{home}/api/embeds'`,
    says: "Makes the URL of a panel for a frame on another page, with its token, and the lines to paste.",
    body: EMBED_REQUEST,
    isSecret: true,
    answers: { 201: EMBED },
    refusals: ["missing"],
    handle: async ({ signalbox, home, body }) =>
      Response.json(await makeEmbed(signalbox, home, body), { status: 201 }),
  }),
];
