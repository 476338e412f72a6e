/** People sign in with a real OpenID Connect provider, keep a file to themselves, share it, and sign out. */
import { type AddressInfo, createServer } from "node:net";
import type { Browser, Page } from "@playwright/test";
import { CLIENT, openProvider, type RunningProvider } from "../harness/oidc.ts";
import { test as base, expect, expectAccessible, fruitCsv, type Server, startServer } from "./stage.ts";

/** A port that was free a moment ago: the provider must know the redirect address. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const test = base.extend<{ provider: RunningProvider; server: Server }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the first argument.
  provider: async ({}, use) => {
    const port = await freePort();
    const provider = await openProvider([`http://127.0.0.1:${port}/sign-in/company/callback`]);
    await use(Object.assign(provider, { port }));
    await provider.close();
  },
  server: async ({ folder, provider }, use) => {
    const server = await startServer(folder, {
      PORT: String((provider as RunningProvider & { port: number }).port),
      ...{ AUTH: "token", ADMIN_TOKEN: "the token that always works" },
      ...{ OIDC_ISSUER: provider.issuer, OIDC_NAME: "Company" },
      ...{ OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret },
      ...{
        OIDC_SCOPES: "openid profile email groups",
        OIDC_ROLES: "admins=admin,ml-team=trainer,staff=trainer",
      },
    });
    await use(server);
    await server.stop();
  },
});

/** Through the provider's own pages, in a browser of one's own. */
async function signIn(browser: Browser, server: Server, login: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.url}datasets`);
  await page.getByRole("link", { name: "Sign in with Company" }).click();
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("x");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(`${server.url}datasets`);
  return page;
}

test("two colleagues: one keeps a file private, shares it, and signs out", async ({ browser, server }) => {
  const vera = await signIn(browser, server, "vera");
  await expect(vera.locator(".signed-in")).toContainText("Vera Viewer (vera@example.com)");
  await vera.goto(server.url);
  const file = { name: "fruit.csv", mimeType: "text/csv", buffer: Buffer.from(fruitCsv(120)) };
  await vera.locator("#new input[type=file]").setInputFiles(file);
  await expect(vera.getByRole("heading", { level: 1 })).toHaveText("fruit.csv");
  const address = vera.url();

  const tim = await signIn(browser, server, "tim");
  await expect(tim.getByRole("link", { name: "fruit.csv" })).toBeVisible();
  await tim.goto(address);
  await tim.locator("#order > summary").click();
  await expect(tim.locator("#sharing")).toContainText("Owner: Vera Viewer (vera@example.com)");
  await expect(tim.getByRole("button", { name: "Make private" })).toHaveCount(0);
  await tim.goto(server.url);
  await expect(tim.locator('[id="datasets"]')).toContainText("fruit.csv");
  await expect(tim.locator("#pill")).toHaveText("Live");

  await vera.locator("#order > summary").click();
  await expectAccessible(vera);
  await vera.getByRole("button", { name: "Make private" }).click();
  await vera.locator("#order > summary").click();
  await expect(vera.locator("#sharing")).toContainText("Only the owner and admins see this dataset");
  // It is gone from the page that is open, without a reload.
  await expect(tim.locator('[id="datasets"]')).not.toContainText("fruit.csv");
  await expect(tim.locator('[id="activity"]')).not.toContainText("fruit.csv");
  await tim.goto(address);
  await expect(tim.getByRole("heading", { level: 1 })).not.toHaveText("fruit.csv");
  await vera.goto(`${server.url}datasets`);
  await expect(vera.getByText("Private", { exact: true })).toBeVisible();
  await expectAccessible(vera);

  await tim.goto(server.url);
  await expect(tim.locator("#pill")).toHaveText("Live");
  await vera.goto(address);
  await vera.locator("#order > summary").click();
  await vera.getByRole("button", { name: "Share with the team" }).click();
  await expect(tim.locator('[id="datasets"]')).toContainText("fruit.csv");

  await vera.goto(server.url);
  await vera.getByLabel("Private: only you and admins see it").check();
  const own = { name: "diary.csv", mimeType: "text/csv", buffer: Buffer.from(fruitCsv(130)) };
  await vera.locator("#new input[type=file]").setInputFiles(own);
  await expect(vera.getByRole("heading", { level: 1 })).toHaveText("diary.csv");
  await vera.locator("#order > summary").click();
  await expect(vera.locator("#sharing")).toContainText("Only the owner and admins see this dataset");
  await expect(tim.locator('[id="activity"]')).not.toContainText("diary.csv");

  // An admin ends a session: the page that is open there leads to signing in.
  const ada = await signIn(browser, server, "ada");
  await ada.goto(`${server.url}settings`);
  await ada.locator("#sessions").scrollIntoViewIfNeeded();
  await expectAccessible(ada);
  const row = ada.locator("#sessions tr", { hasText: "tim@example.com" });
  await expect(row).toContainText("by Company");
  await row.getByRole("button", { name: /^End session/ }).click();
  await expect(ada.getByRole("heading", { level: 1, name: "Sessions" })).toBeVisible();
  await expect(ada.getByText("tim@example.com")).toHaveCount(0);
  await expect(tim.getByRole("heading", { name: "Sign in", exact: true })).toBeVisible();

  await vera.getByRole("button", { name: "Sign out" }).click();
  await expect(vera.getByRole("heading", { name: "Sign in", exact: true })).toBeVisible();
  await vera.goto(address);
  await expect(vera).toHaveURL(/sign-in/);
});

test("while the provider is down the page says so, and the token is the way in", async ({
  page,
  folder,
  server,
  provider,
}) => {
  await page.goto(`${server.url}sign-in`);
  await expect(page.getByRole("link", { name: "Sign in with Company" })).toBeVisible();
  await expectAccessible(page);
  await server.stop();
  await provider.close();
  const { port } = provider as RunningProvider & { port: number };
  const again = await startServer(folder, {
    PORT: String(port),
    ...{ AUTH: "token", ADMIN_TOKEN: "the token that always works" },
    ...{ OIDC_ISSUER: provider.issuer, OIDC_NAME: "Company", OIDC_CLIENT_ID: CLIENT.id },
  });
  await page.goto(`${again.url}runs`);
  await expect(page.getByRole("status")).toContainText("Company cannot be reached right now");
  await expectAccessible(page);
  await page.getByLabel("Token", { exact: true }).fill("the token that always works");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${again.url}runs`);
  await again.stop();
});
