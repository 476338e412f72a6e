/** With AUTH=token: sign in by keyboard, do the whole job, and be out the moment that the token is revoked. */
import type { Page } from "@playwright/test";
import { test as base, expect, expectAccessible, fruitCsv, listenForErrors, startServer } from "./stage.ts";

const ADMIN = "an admin for this journey";

const test = base.extend<{ server: Awaited<ReturnType<typeof startServer>> }>({
  server: async ({ folder }, use) => {
    const server = await startServer(folder, { AUTH: "token", ADMIN_TOKEN: ADMIN });
    await use(server);
    await server.stop();
  },
});

/** By keyboard: the field has the focus already. */
async function signIn(page: Page, token: string): Promise<void> {
  await expect(page.getByLabel("Token", { exact: true })).toBeFocused();
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
}

test("sign in, train, predict, make a token, sign out", async ({ page, server }) => {
  const errors = listenForErrors(page);
  await page.goto(`${server.url}docs`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectAccessible(page);
  await signIn(page, "wrong");
  await expect(page.getByRole("alert")).toContainText("is wrong, or was revoked");
  await expectAccessible(page);
  expect(errors.splice(0)).toEqual([expect.stringContaining("401")]);
  await signIn(page, ADMIN);
  await expect(page).toHaveURL(`${server.url}docs`);

  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  await expect(page.locator(".signed-in")).toContainText("admin");
  const file = { name: "fruit.csv", mimeType: "text/csv", buffer: Buffer.from(fruitCsv(300)) };
  await page.locator("#new input[type=file]").setInputFiles(file);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("fruit.csv");
  await page.getByText("Options", { exact: true }).click();
  await page.getByLabel("Time limit (seconds)").fill("3");
  await page.getByRole("button", { name: "Train model" }).click();
  await expect(page.locator('[data-panel="run"] .verdict')).toBeVisible({ timeout: 60_000 });
  await page.getByRole("link", { name: /^Open fruit version 1/ }).click();
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  await expect(page.locator("#answer").getByRole("progressbar")).toHaveCount(2);

  await page.goto(`${server.url}settings/tokens`);
  await page.getByLabel("Name", { exact: true }).fill("portal");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("heading", { name: "New token: portal" })).toBeVisible();
  await expectAccessible(page);
  await page.goto(`${server.url}settings/audit`);
  await expect(page.getByRole("table")).toContainText("/datasets/");
  await expectAccessible(page);

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto(server.url);
  await expect(page).toHaveURL(/sign-in/);
  expect(errors).toEqual([]);
});

test("a viewer sees everything without buttons to change it; when revoked, the page leads to sign-in", async ({
  page,
  server,
}) => {
  const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify({ name: "viewer", scopes: ["read"] }) };
  const made = await fetch(`${server.url}api/tokens`, request);
  const { id, token } = (await made.json()) as { id: string; token: string };
  const csv = { method: "POST", headers: { authorization: `Bearer ${ADMIN}` }, body: fruitCsv(100) };
  expect((await fetch(`${server.url}api/upload?name=fruit.csv`, csv)).status).toBe(201);
  await page.goto(server.url);
  await signIn(page, token);
  await expect(page.locator("#pill")).toHaveText("Live");
  await expect(page.locator("#new")).toBeHidden();
  await expect(page.locator(".masthead-upload")).toBeHidden();
  await page.locator("#datasets").getByRole("link", { name: "fruit.csv" }).click();
  await expect(page.getByRole("button", { name: "Train model" })).toBeHidden();
  await expectAccessible(page);
  await page.goto(server.url);
  await expect(page.locator("#pill")).toHaveText("Live");
  await fetch(`${server.url}api/tokens/${id}`, { method: "DELETE", headers });
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
