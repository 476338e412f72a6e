/** Checks that a page's script stays under 30 kB compressed, and how much of it is our own. */
import { expect, test } from "bun:test";
import { brotliCompressSync } from "node:zlib";
import { ASSET_PATHS, ASSETS } from "../../static/assets.ts";

const HTMX = ["htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-ws.min.js"];

async function weighed(path: string, coding: string): Promise<number> {
  const answer = ASSETS.get(path)!.answer(coding);
  expect(answer.headers.get("content-encoding")).toBe(coding);
  return (await answer.arrayBuffer()).byteLength;
}

test("the script of every page is under 30 kB, and our own part of it under 3 kB", async () => {
  const sources = await Promise.all(
    HTMX.map((name) => Bun.file(Bun.resolveSync(name, import.meta.dir)).text()),
  );
  const whole = await ASSETS.get(ASSET_PATHS.script)!.answer("").text();
  const htmx = brotliCompressSync(sources.join("\n;\n")).byteLength;
  const own = (await weighed(ASSET_PATHS.script, "br")) - htmx;
  expect(whole).toContain(sources[0]!);
  expect(own).toBeLessThan(3000);
  expect(await weighed(ASSET_PATHS.script, "gzip")).toBeLessThan(30_000);
});

test("a coding that a client refuses or does not name is not sent", () => {
  const coded = (accept: string) =>
    ASSETS.get(ASSET_PATHS.style)!.answer(accept).headers.get("content-encoding");
  expect(["", "br;q=0, gzip", "gzip, deflate, br", "identity"].map(coded)).toEqual([
    null,
    "gzip",
    "br",
    null,
  ]);
});
