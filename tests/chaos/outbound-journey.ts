/** One journey from an empty folder, every page included; the rig `outbound` runs it without a network. */
import { newLedger, travel } from "./journey.ts";
import { Victim } from "./victim.ts";

const PAGES = ["/", "/docs", "/inspect", "/settings", "/models/crew", "/openapi.json", "/metrics"];

const victim = await Victim.start({ folder: process.argv[2]! });
await travel(victim, newLedger(), 1);
for (const path of PAGES) {
  const page = await victim.ask(path, { headers: { accept: "text/html, application/json, text/plain" } });
  if (!page.ok) throw new Error(`${path}: ${page.status}`);
}
await victim.end();
