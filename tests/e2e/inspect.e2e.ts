/** Checks that the inspector shows what goes over the wire, and that the run it triggers can be replayed. */
import { expect, expectAccessible, listenForErrors, test } from "./stage.ts";

test("the inspector connects, starts a training, filters, pauses, copies, disconnects and catches up; then the run is replayed", async ({
  page,
  server,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const errors = listenForErrors(page);
  await page.goto(`${server.url}inspect`);
  await expectAccessible(page);
  const messages = page.locator("[data-part=messages] .message");
  const history = page.locator("[data-part=history]");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.locator("[data-part=state]")).toHaveText("Connected");
  await page.getByRole("button", { name: "Upload test file" }).click();
  await expect(messages.filter({ hasText: "dataset.uploaded" })).toHaveCount(1);
  await page.getByRole("button", { name: "Train on test file" }).click();
  await expect(page.locator("[data-part=types]")).toContainText("run.started");

  await page.getByLabel("Type", { exact: true }).selectOption("run.started");
  await expect(messages).toHaveCount(1);
  await messages.locator("summary").click();
  await messages.getByRole("button", { name: "Copy" }).click();
  await expect(messages.getByRole("button")).toHaveText("Copied");
  const copied = await page.locator("body").evaluate(() => navigator.clipboard.readText());
  const event = JSON.parse(copied) as { type: string; seq: number; data: { runId: string } };
  expect(event.type).toBe("run.started");
  const story = await context.newPage();
  const storyErrors = listenForErrors(story);
  await story.goto(`${server.url}runs/${event.data.runId}`);
  await expect(story.locator(".stage-finished")).not.toHaveCount(8);
  const stayed = story.getByRole("button", { name: "Stay on this page" }).click();
  await page.bringToFront();
  await page.getByLabel("Type", { exact: true }).selectOption("");
  await page.getByLabel("Search").fill("Data validation");
  await expect(messages.first()).toContainText("Data validation");

  await page.getByLabel("Search").fill("");
  await page.getByRole("button", { name: "Pause" }).click();
  const paused = await messages.first().textContent();
  await page.getByLabel("Length of the disconnect in seconds").fill("2");
  await page.getByRole("button", { name: "Simulate a disconnect" }).click();
  await expect(page.locator("[data-part=state]")).toHaveText("Disconnected for 2 s");
  await expect(history).toContainText(/Received [1-9]\d* missed events/);
  expect(await messages.first().textContent()).toBe(paused);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.locator("[data-part=types]")).toContainText("run.finished", { timeout: 30_000 });
  await page.getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(page.locator("[data-part=state]")).toContainText("Closed");
  await expectAccessible(page);

  await stayed;
  await story.bringToFront();
  // Nobody has reloaded the run's page: the link was pushed.
  await story.getByRole("link", { name: "Replay this run" }).click();
  await expect(story.locator("#replay-moment .stage-finished")).toHaveCount(0);
  await story.getByLabel("Speed").selectOption("25");
  await story.getByRole("button", { name: "Play" }).click();
  await expect(story.locator("#replay-moment .stage-finished")).toHaveCount(8);
  await expect(story.getByRole("button", { name: "Play" })).toBeVisible();
  await story.getByRole("link", { name: "Model selection" }).click();
  await expect(story.locator("#replay-moment .verdict")).toHaveCount(0);
  await expect(story).toHaveURL(/at=\d/);
  await expectAccessible(story);
  expect([...errors, ...storyErrors]).toEqual([]);
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("the slider's form and the links show each moment", async ({ page, server }) => {
    const upload = await fetch(`${server.url}api/upload?name=a.csv`, {
      method: "POST",
      body: `a,b\n${"1,x\n2,y\n3,x\n4,y\n".repeat(40)}`,
    });
    const { id } = (await upload.json()) as { id: string };
    const trained = await fetch(`${server.url}api/train?wait=1`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ datasetId: id, target: "b", budgetSeconds: 2 }),
    });
    const run = (await trained.json()) as { id: string };
    await page.goto(`${server.url}runs/${run.id}/replay?at=0`);
    await expect(page.locator("#replay-moment .stage-finished")).toHaveCount(0);
    await page.getByRole("link", { name: "The end" }).click();
    await expect(page.locator("#replay-moment .stage-finished")).toHaveCount(8);
    await page.getByLabel(/^Seconds since/).fill("0");
    await page.getByRole("button", { name: "Show" }).click();
    await expect(page.locator("#replay-moment .stage-finished")).toHaveCount(0);
  });
});
