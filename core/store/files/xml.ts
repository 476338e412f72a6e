/** Reads the flat XML in S3's responses: elements by name, in order, and the text of one. */

/** The contents of all elements with this name. */
export function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map(
    ([, inside]) => inside!,
  );
}

/** The text of the first element with this name; null if there is none. */
export function textOf(xml: string, name: string): string | null {
  const inside = elementsOf(xml, name)[0];
  return inside === undefined
    ? null
    : inside.replace(/&(#x?[\da-f]+|\w+);/gi, (_, entity) => decoded(entity));
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(entity: string): string {
  if (!entity.startsWith("#")) return NAMED[entity] ?? `&${entity};`;
  const isHex = entity[1]?.toLowerCase() === "x";
  return String.fromCodePoint(Number.parseInt(entity.slice(isHex ? 2 : 1), isHex ? 16 : 10));
}
