/** Checks that the panels that show an upload on its way are redrawn once it is over. */
import { expect, test } from "bun:test";
import { openHarness } from "../../harness/app.ts";

const CSV = `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2 ? "yes" : "no"}`).join("\n")}\n`;

test("uploading a known file again leaves no upload on the dashboard", async () => {
  const harness = await openHarness();
  try {
    const upload = () => harness.ask("/api/upload?name=known.csv", { method: "POST", body: CSV });
    expect((await upload()).status).toBe(201);
    const redrawn = new Promise<string[]>((resolve) => {
      const unsubscribe = harness.signalbox.log.subscribe((_, stale) => {
        if (harness.signalbox.datasets.inProgress().length > 0 || !stale.includes("datasets")) return;
        unsubscribe();
        resolve(stale);
      });
    });
    expect((await upload()).status).toBe(200);
    expect(await redrawn).toEqual(expect.arrayContaining(["datasets", "reading"]));
    const panel = await (await harness.ask("/panels/datasets", { headers: { accept: "text/html" } })).text();
    expect(panel).toContain("known.csv");
    expect(panel).not.toContain("received");
  } finally {
    await harness.close();
  }
}, 20_000);
