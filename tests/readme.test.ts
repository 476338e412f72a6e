/** Is the README true? Its tree is the tree, its commands are the scripts, its settings exist. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { SETTINGS } from "../core/operations/config.ts";
import manifest from "../package.json" with { type: "json" };
import { readmeTree, sourceTree } from "./tree.ts";

const README = await Bun.file(resolve(import.meta.dir, "../README.md")).text();

test("the tree has a line for each source file, and each file says what it answers", async () => {
  const tree = await sourceTree();
  expect(readmeTree(README)).toBe(tree);
  expect(tree.split("\n").filter((line) => line && !/\s{2,}\S/.test(line))).toEqual([]);
});

test("every `bun run` command is a script", () => {
  const named = [...README.matchAll(/bun(?:@[\d.]+)? run ([a-z]+)/g)].map((match) => match[1]!);
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(Object.keys(manifest.scripts)).toContain(name);
});

test("npx names the pinned Bun", () => {
  for (const [, version] of README.matchAll(/npx --yes bun@([\d.]+)/g)) {
    expect(version).toBe(manifest.devDependencies.bun);
  }
});

test("every setting that is named exists", () => {
  const named = [...README.matchAll(/`([A-Z]{3,}_?[A-Z_]+)`/g)].map((match) => match[1]!);
  const records = ["PAGES", "METRICS", "GAUGES", "SETTINGS", "EVENTS", "SECURITY"];
  for (const name of named.filter((name) => !records.includes(name)))
    expect(Object.keys(SETTINGS)).toContain(name);
});
