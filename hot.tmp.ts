import { openHarness, passengersCsv } from "./tests/http/harness.ts";
const h = await openHarness();
const { id } = await (await h.upload("crew.csv", passengersCsv(3000))).json() as any;
const run = await (await h.send("POST", "/api/train?wait=1", { datasetId: id, budgetRounds: 200 })).json() as any;
console.log(run.best, run.status);
await h.send("PUT", "/api/models/crew/live", { version: 1 });
const body = JSON.stringify({ Class: 1, Sex: "female", Age: 30, Fare: 20 });
const one = async () => { const r = await h.ask("/api/models/crew/predict", { method: "POST", headers: { "content-type": "application/json" }, body }); if (r.status !== 200) throw new Error(await r.text()); return r.text(); };
for (let i = 0; i < 300; i++) await one();
for (let k = 0; k < 3; k++) { const t = performance.now(), c = process.cpuUsage(); for (let i = 0; i < 6000; i++) await one(); const u = process.cpuUsage(c); console.log(((performance.now() - t) / 6000 * 1000).toFixed(1), 'us wall', ((u.user + u.system) / 6000).toFixed(1), 'us cpu'); }
console.log((await h.ask("/api/models/crew/predict", { method: "POST", headers: { "content-type": "application/json" }, body })).headers.get("server-timing"));
await h.close();
