/** The API of figures over time. */
import { HISTORY_QUERY, historyView } from "../../data/history-data.ts";
import { json, route } from "../route.ts";

export const HISTORY_ROUTES = [
  route({
    method: "GET",
    path: "/api/history",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/history?range=year&model={model}'",
    says: "Returns the machine's gauges, or a model's predictions, time, warnings, drift and live score, over an hour up to a year. Kept for 400 days: by the minute for 2 days, by 10 minutes for 14, by the hour for 90, then by 6 hours.",
    query: HISTORY_QUERY,
    answers: { 200: json("HISTORY") },
    refusals: ["missing", "invalid"],
    handle: async ({ signalbox, query }) => Response.json(await historyView(signalbox, query)),
  }),
];
