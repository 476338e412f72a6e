/**
 * Finds the address of a client: the connection's peer or, if that is a trusted proxy, the last address in
 * X-Forwarded-For that is not a trusted proxy's: addresses before it may be written by the client.
 */

/** Loaded when the first address is checked, because it slows the start and most servers trust no proxy. */
const addresses = () => process.getBuiltinModule("node:net");

export interface Proxies {
  isTrusted: (address: string) => boolean;
}

/** `networks`: addresses or CIDR, already checked. */
export function readProxies(networks: readonly string[]): Proxies {
  if (!networks.length) return { isTrusted: () => false };
  const { BlockList, isIP } = addresses();
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return {
    isTrusted: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)),
  };
}

/** An address, or a network such as 10.0.0.0/8. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = addresses().isIP(address);
  if (family === 0 || rest.length) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

const familyOf = (address: string) => (addresses().isIP(address) === 6 ? "ipv6" : "ipv4");

/** An IPv4-mapped IPv6 address is the IPv4 address. */
function plainAddress(address: string): string {
  if (!address.startsWith("::")) return address;
  return /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address;
}

export function clientAddress(headers: Headers, peer: string, proxies: Proxies): string {
  let client = plainAddress(peer);
  if (!proxies.isTrusted(client)) return client;
  const hops = (headers.get("x-forwarded-for") ?? "").split(",").map((hop) => addressOf(hop.trim()));
  while (proxies.isTrusted(client)) {
    const before = hops.pop();
    if (!before) break;
    client = before;
  }
  return client;
}

/** "1.2.3.4", "1.2.3.4:5678", "[::1]:5678" and "::1" as an address; "" if it is not one. */
function addressOf(hop: string): string {
  const bare = /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return addresses().isIP(bare) ? plainAddress(bare) : "";
}

/** The key that limits count by: one IPv6 client has a whole /64. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const groups = [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

export function isLoopback(host: string): boolean {
  return (
    host === "127.0.0.1" ||
    host === "localhost" ||
    host === "::1" ||
    host === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}
