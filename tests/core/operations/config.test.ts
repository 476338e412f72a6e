/** Checks that an invalid setting is explained in one line, and that --help lists every setting. */
import { expect, test } from "bun:test";
import { ConfigError, readConfig, SETTINGS, settingsHelp } from "../../../core/operations/config.ts";

test("defaults match the docs", () => {
  const config = readConfig({});
  expect(config).toMatchObject({ PORT: 8000, HOST: "127.0.0.1", DATA_DIR: "./data", MAX_UPLOAD_MB: 1024 });
  expect(config).toMatchObject({ TRAIN_BUDGET_SECONDS: 60, TRAIN_CONCURRENCY: 1, METRICS_SECONDS: 5 });
});

test.each([
  [{ PORT: "eighty" }, "PORT"],
  [{ PORT: "70000" }, "PORT"],
  [{ BASE_PATH: "tools" }, "BASE_PATH"],
  [{ AUTH: "maybe" }, "AUTH"],
  [{ PUBLIC_URL: "not a url" }, "PUBLIC_URL"],
  [{ PUBLIC_URL: "https://ml.example/a", BASE_PATH: "/b" }, "PUBLIC_URL"],
  [{ HOST: "0.0.0.0" }, "HOST"],
  [{ HEALTH_CPU: "95,80" }, "HEALTH_CPU"],
  [{ WEBHOOK_TYPES: "run.flown" }, "WEBHOOK_TYPES"],
  [{ EMBED_ORIGINS: "https://portal.example/page" }, "EMBED_ORIGINS"],
  [{ EMBED_ORIGINS: "https://portal.example;script-src *" }, "EMBED_ORIGINS"],
])("%p is refused, naming %s", (environment, name) => {
  expect(() => readConfig(environment)).toThrow(ConfigError);
  expect(() => readConfig(environment)).toThrow(new RegExp(`^${name}`));
});

test("--help lists every setting with its default", () => {
  const help = settingsHelp();
  for (const [name, { fallback }] of Object.entries(SETTINGS)) {
    expect(help).toContain(`  ${name} `);
    if (fallback) expect(help).toContain(`(${fallback})`);
  }
});

test("PUBLIC_URL may include the base path, which then appears once", () => {
  const both = { PUBLIC_URL: "https://ml.example", BASE_PATH: "/tools/box" };
  expect(readConfig({ PUBLIC_URL: "https://ml.example/tools/box/" })).toMatchObject(both);
  expect(readConfig({ ...both, PUBLIC_URL: "https://ml.example/tools/box" })).toMatchObject(both);
  expect(readConfig({ PUBLIC_URL: "https://ml.example/" }).PUBLIC_URL).toBe("https://ml.example");
});
