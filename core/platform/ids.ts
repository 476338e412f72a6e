/** Makes short random IDs, and names that fit into a path. */

export const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Twelve characters of Crockford's base 32: 60 random bits. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => ALPHABET[byte & 31]).join("");
}

/** A label as a name for a model: lower case letters, digits, dots and dashes; "model" if nothing is left. */
export function slug(label: string): string {
  const base = label
    .replace(/\.(gz|zip|zst)$/i, "")
    .replace(/\.(csv|tsv|tab|txt|dat|xlsx|xlsm|parquet|json|jsonl|ndjson|html?)$/i, "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+/, "")
    .slice(0, 60)
    .replace(/[-.]+$/, "");
  return base || "model";
}
