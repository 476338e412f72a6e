/**
 * Decides where a source may connect to: only hosts that an admin listed, and addresses inside the network only if they
 * are listed themselves. A name is resolved here and the connection goes to the address that was checked, so that a
 * second answer of the name server cannot lead elsewhere.
 */
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { BlockList, isIP } from "node:net";
import { AppError } from "../../platform/errors.ts";

/** SOURCE_HOSTS, parsed. */
export interface Reach {
  /** Names with the port that they apply to; null: every port. "*.example.com" applies to its subdomains. */
  names: { name: string; port: number | null }[];
  /** Every public name. */
  isAny: boolean;
  networks: BlockList;
  /** Addresses that apply to one port only, as "address port". */
  addressPorts: ReadonlySet<string>;
  /** Folders whose SQLite files may be read. */
  folders: string[];
}

/** Resolves a name to all of its addresses. */
export type Lookup = (name: string) => Promise<string[]>;

export const systemLookup: Lookup = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

const NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

export function readReach(entries: readonly string[]): Reach {
  const networks = new BlockList();
  const addressPorts = new Set<string>();
  for (const entry of entries) {
    const network = networkOf(entry);
    if (!network) continue;
    const { address, bits, port } = network;
    if (port !== null) addressPorts.add(`${address} ${port}`);
    else if (bits === null) networks.addAddress(address, familyOf(address));
    else networks.addSubnet(address, bits, familyOf(address));
  }
  return {
    names: entries.flatMap((entry) => (networkOf(entry) ? [] : (nameOf(entry) ?? []))),
    isAny: entries.includes("*"),
    networks,
    addressPorts,
    folders: entries.filter((entry) => entry.startsWith("/")),
  };
}

function networkOf(entry: string): { address: string; bits: number | null; port: number | null } | null {
  const [, inBrackets, bracketPort] = /^\[([0-9a-f:.]+)\](?::(\d{1,5}))?$/i.exec(entry) ?? [];
  const [, v4, v4Port] = /^(\d+\.\d+\.\d+\.\d+):(\d{1,5})$/.exec(entry) ?? [];
  const [address = "", bits, ...rest] = (inBrackets ?? v4 ?? entry).split("/");
  const family = isIP(address);
  if (family === 0 || rest.length) return null;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    return null;
  const port = bracketPort ?? v4Port;
  return { address, bits: bits === undefined ? null : Number(bits), port: port ? Number(port) : null };
}

function nameOf(entry: string): Reach["names"][number] | null {
  const [name = "", port, ...rest] = entry.toLowerCase().split(":");
  if (rest.length || !NAME.test(name) || /^[\d.]+$/.test(name)) return null;
  if (port !== undefined && !/^\d{1,5}$/.test(port)) return null;
  return { name: bare(name), port: port === undefined ? null : Number(port) };
}

/**
 * The address to connect to. Throws AppError `invalid` if no source can use it, `forbidden` if the host is not listed
 * or resolves to an address inside the network.
 */
export async function checkedAddress(
  host: string,
  port: number,
  { reach, lookup }: { reach: Reach; lookup: Lookup },
): Promise<string> {
  const plain = bare(host.replace(/^\[|\]$/g, "").toLowerCase());
  const literal = isIP(plain) ? unmapped(plain) : null;
  if (literal !== null) {
    if (isListed(literal, port, reach)) return literal;
    throw notListed(host, port);
  }
  if (!isNamed(plain, port, reach)) throw notListed(host, port);
  const addresses = (await lookup(plain).catch(() => [])).map(unmapped);
  if (!addresses.length)
    throw new AppError("invalid", `The host ${plain} cannot be found`, { fix: "Check the host's name." });
  // A bad address among good ones is how a name server misleads a check.
  const inside = addresses.find(
    (address) => !(isPublic(address) || isListed(address, port, reach) || isOwnName(plain, address)),
  );
  if (inside === undefined) return addresses[0]!;
  throw new AppError("forbidden", `${plain} resolves to an address inside the network`, {
    fix: "An admin can list the address, or its network, in SOURCE_HOSTS.",
  });
}

/** Listing localhost means this machine. */
function isOwnName(name: string, address: string): boolean {
  return name === "localhost" && LOOPBACK.check(address, familyOf(address));
}

function isNamed(name: string, port: number, { names, isAny }: Reach): boolean {
  return (
    (isAny && name !== "localhost") ||
    names.some(
      (entry) =>
        (entry.port === null || entry.port === port) &&
        (entry.name.startsWith("*.") ? name.endsWith(entry.name.slice(1)) : entry.name === name),
    )
  );
}

function isListed(address: string, port: number, { networks, addressPorts }: Reach): boolean {
  return networks.check(address, familyOf(address)) || addressPorts.has(`${address} ${port}`);
}

function notListed(host: string, port: number): AppError {
  return new AppError("forbidden", `Sources may not connect to ${host}`, {
    column: "url",
    fix: `An admin can list the host in SOURCE_HOSTS, as ${host} or ${host}:${port}.`,
  });
}

/** Reachable from everywhere: not private, not this machine, not reserved, and no IPv6 that carries an IPv4 address. */
export function isPublic(address: string): boolean {
  const family = familyOf(address);
  if (family === "ipv4") return !INSIDE.check(address, "ipv4");
  return GLOBAL.check(address, "ipv6") && !INSIDE.check(address, "ipv6");
}

/** IANA's registries of special-purpose addresses, and IPv6 ranges that wrap IPv4. */
const INSIDE = blockList([
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  ...["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
]);
const GLOBAL = blockList(["2000::/3"]);
const LOOPBACK = blockList(["127.0.0.0/8", "::1/128"]);

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
/** A name may end with the root's dot. */
const bare = (name: string) => (isIP(name) ? name : name.replace(/\.$/, ""));

/** An IPv4-mapped IPv6 address, in either spelling, is the IPv4 address. */
function unmapped(address: string): string {
  const [, dotted] = /^(?:0*:)*:?(?:0*:)*ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address) ?? [];
  if (dotted) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (!high || !low) return address;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * PEM texts, including the default authorities'; null: only the default ones. Throws AppError `conflict` for a file
 * without any.
 */
export async function readAuthorities(path: string): Promise<string[] | null> {
  if (path === "") return null;
  const text = await readFile(path, "utf8").catch(() => "");
  const own = text.match(CERTIFICATE);
  if (!own)
    throw new AppError("conflict", `SOURCE_CA names ${path}, which has no certificate or cannot be read`, {
      fix: "Name a PEM file that the server may read, or leave SOURCE_CA out.",
    });
  const { rootCertificates } = await import("node:tls");
  return [...rootCertificates, ...own];
}
