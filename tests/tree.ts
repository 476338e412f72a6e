/** Writes the tree in core/README.md: every source file with the first sentence of its first comment. */
import { join, resolve } from "node:path";
import { Glob } from "bun";

const ROOT = resolve(import.meta.dir, "..");
export const TREE_FILE = "core/README.md";
const BEGIN = "<!-- tree: written by `bun tests/tree.ts --write` -->\n```\n";
const END = "```\n<!-- end of tree -->";
/** Characters of a line, beside the path. */
const LINE = 110;

export function readmeTree(readme: string): string {
  return readme.slice(readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END));
}

/** One line a file: path and the first sentence of its first comment. */
export async function sourceTree(): Promise<string> {
  const paths = [
    "server.ts",
    ...[...new Glob("{core,views,static}/**/*.{ts,tsx,js,css,svg}").scanSync(ROOT)].sort(),
  ].filter((path) => !path.endsWith(".d.ts"));
  const width = Math.max(...paths.map((path) => path.length)) + 2;
  const lines = await Promise.all(
    paths.map(async (path) => `${path.padEnd(width)}${await firstSentence(path)}`.trimEnd()),
  );
  return `${lines.join("\n")}\n`;
}

async function firstSentence(path: string): Promise<string> {
  const text = (await Bun.file(join(ROOT, path)).text()).slice(0, 2000);
  const comment = /^\s*(?:\/\*+\s*([\s\S]*?)\*\/|((?:\/\/.*\n)+)|<!--\s*([\s\S]*?)-->)/.exec(text);
  const words = (comment?.[1] ?? comment?.[2] ?? comment?.[3] ?? "")
    .replace(/^[\s*/]+/gm, "")
    .replace(/\s+/g, " ")
    .trim();
  const sentence = /^.*?[.?!](?=\s|$)/.exec(words)?.[0] ?? words;
  if (sentence.length <= LINE) return sentence;
  // Of a longer sentence its first part, as a sentence.
  return `${/^.{20,}?(?=[:;] |, )/.exec(sentence)?.[0] ?? sentence.slice(0, LINE)}.`;
}

if (import.meta.main) {
  const path = join(ROOT, TREE_FILE);
  const readme = await Bun.file(path).text();
  const tree = await sourceTree();
  const [before, after] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
  if (process.argv.includes("--write"))
    await Bun.write(path, `${readme.slice(0, before)}${tree}${readme.slice(after)}`);
  else console.log(tree);
}
