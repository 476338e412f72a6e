/** Where sources may connect: forty addresses and forms that must never be reached, and what a listed host opens. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { checkedAddress, isPublic, readReach } from "../../../../core/datasets/sources/allowed-hosts.ts";
import { checkedFetch } from "../../../../core/datasets/sources/checked-fetch.ts";
import { AppError } from "../../../../core/platform/errors.ts";

/** Responses of an attacker's name server; the last of a list is repeated forever. */
const NAMES: Record<string, string[][]> = {
  "data.example.com": [["93.184.215.14"]],
  "inside.example.com": [["10.1.2.3"]],
  "loop.example.com": [["127.0.0.1"]],
  "loop6.example.com": [["::1"]],
  "mixed.example.com": [["93.184.215.14", "169.254.169.254"]],
  "mapped.example.com": [["::ffff:127.0.0.1"]],
  "unique.example.com": [["fd00:ec2::254"]],
  "link.example.com": [["fe80::1"]],
  "nat64.example.com": [["64:ff9b::7f00:1"]],
  "sixtofour.example.com": [["2002:7f00:1::"]],
  "zero.example.com": [["0.0.0.0"]],
  "rebind.example.com": [["93.184.215.14"], ["127.0.0.1"]],
  localhost: [["127.0.0.1"]],
};

let target: ReturnType<typeof Bun.serve>;
let reached = 0;

beforeAll(() => {
  target = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      reached += 1;
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/to") return Response.redirect(searchParams.get("url")!, 302);
      return new Response("secret");
    },
  });
});
afterAll(() => target.stop(true));

function lookupOf() {
  const asked = new Map<string, number>();
  return async (name: string) => {
    const answers = NAMES[name];
    if (!answers) throw new Error("no such name");
    const count = asked.get(name) ?? 0;
    asked.set(name, count + 1);
    return answers[Math.min(count, answers.length - 1)]!;
  };
}

/** A network with everything public listed, the widest that an admin would set. */
const network = (hosts: string[] = ["*", "*.example.com"]) => ({
  reach: readReach(hosts),
  lookup: lookupOf(),
  authorities: null,
  signal: AbortSignal.timeout(5000),
});

async function refusal(address: string, hosts?: string[]): Promise<string> {
  try {
    await checkedFetch(address, {}, network(hosts));
    return "reached";
  } catch (error) {
    return error instanceof AppError ? error.code : `defect: ${error}`;
  }
}

describe("never reached, even if every public host is listed", () => {
  const port = () => target.port;
  test.each([
    ["loopback", () => `http://127.0.0.1:${port()}/`],
    ["loopback, another", () => `http://127.1.2.3:${port()}/`],
    ["short form", () => `http://127.1:${port()}/`],
    ["decimal", () => `http://2130706433:${port()}/`],
    ["hexadecimal", () => `http://0x7f000001:${port()}/`],
    ["dotted hexadecimal", () => `http://0x7f.0x0.0x0.0x1:${port()}/`],
    ["octal", () => `http://0177.0.0.1:${port()}/`],
    ["octal with zeros", () => `http://00000177.0.0.01:${port()}/`],
    ["full-width digits", () => `http://１２７.0.0.1:${port()}/`],
    ["circled digits", () => `http://①②⑦.⓪.⓪.①:${port()}/`],
    ["zero", () => `http://0:${port()}/`],
    ["all zeros", () => `http://0.0.0.0:${port()}/`],
    ["localhost", () => `http://localhost:${port()}/`],
    ["localhost with a dot", () => `http://localhost.:${port()}/`],
    ["localhost in capitals", () => `http://LOCALHOST:${port()}/`],
    ["IPv6 loopback", () => `http://[::1]:${port()}/`],
    ["IPv6 loopback, long", () => `http://[0:0:0:0:0:0:0:1]:${port()}/`],
    ["IPv6 unspecified", () => `http://[::]:${port()}/`],
    ["IPv4-mapped", () => `http://[::ffff:127.0.0.1]:${port()}/`],
    ["IPv4-mapped, hexadecimal", () => `http://[::ffff:7f00:1]:${port()}/`],
    ["IPv4-compatible", () => `http://[::127.0.0.1]:${port()}/`],
    ["NAT64", () => `http://[64:ff9b::127.0.0.1]:${port()}/`],
    ["6to4", () => `http://[2002:7f00:1::]:${port()}/`],
    ["Teredo", () => "http://[2001:0:7f00:1::]/"],
    ["unique local", () => "http://[fd00::1]/"],
    ["link-local", () => "http://[fe80::1]/"],
    ["10/8", () => "http://10.0.0.1/"],
    ["172.16/12", () => "http://172.31.255.255/"],
    ["192.168/16", () => "http://192.168.1.1/"],
    ["carrier's NAT", () => "http://100.64.0.1/"],
    ["broadcast", () => "http://255.255.255.255/"],
    ["multicast", () => "http://224.0.0.1/"],
    ["metadata of AWS, Azure and Google", () => "http://169.254.169.254/latest/meta-data/"],
    ["metadata, decimal", () => "http://2852039166/latest/meta-data/"],
    ["metadata, mapped", () => "http://[::ffff:a9fe:a9fe]/"],
    ["metadata of AWS, IPv6", () => "http://[fd00:ec2::254]/"],
    ["metadata of Alibaba", () => "http://100.100.100.200/"],
    ["a name that leads inside", () => "http://inside.example.com/"],
    ["a name that leads to loopback", () => `http://loop.example.com:${port()}/`],
    ["a name that leads to IPv6 loopback", () => `http://loop6.example.com:${port()}/`],
    ["a name with one bad answer among good ones", () => "http://mixed.example.com/"],
    ["a name with a mapped address", () => `http://mapped.example.com:${port()}/`],
    ["a name with a unique local address", () => "http://unique.example.com/"],
    ["a name with a link-local address", () => "http://link.example.com/"],
    ["a name behind NAT64", () => "http://nat64.example.com/"],
    ["a name behind 6to4", () => "http://sixtofour.example.com/"],
    ["a name that leads to 0.0.0.0", () => `http://zero.example.com:${port()}/`],
    ["a user that looks like a host", () => `http://data.example.com@127.0.0.1:${port()}/`],
    ["a user and a password", () => `http://data.example.com:80@127.0.0.1:${port()}/`],
    ["a backslash", () => `http:\\\\127.0.0.1:${port()}\\`],
    ["a file", () => "file:///etc/passwd"],
    ["gopher", () => `gopher://127.0.0.1:${port()}/_GET`],
    ["ftp", () => `ftp://127.0.0.1:${port()}/`],
    ["data", () => "data:text/csv,a,b"],
    ["blob", () => "blob:http://127.0.0.1/x"],
    ["a Unix socket", () => "http+unix://%2Fvar%2Frun%2Fdocker.sock/"],
  ])("%s", async (_name, address) => {
    reached = 0;
    expect(["forbidden", "invalid"]).toContain(await refusal(address()));
    expect(reached).toBe(0);
  });
});

test("a redirect to an internal or unlisted host is not followed", async () => {
  const home = `127.0.0.1:${target.port}`;
  for (const inside of [
    "http://[::1]/",
    "http://169.254.169.254/",
    "file:///etc/passwd",
    "http://2852039166/",
  ]) {
    reached = 0;
    const address = `http://${home}/to?url=${encodeURIComponent(inside)}`;
    expect(["forbidden", "invalid"]).toContain(await refusal(address, ["127.0.0.1"]));
    // Only the first response.
    expect(reached).toBe(1);
  }
});

test("the connection goes to the address that was checked, whatever the name server says next", async () => {
  const asked = network();
  expect(await checkedAddress("rebind.example.com", 80, asked)).toBe("93.184.215.14");
  await expect(checkedAddress("rebind.example.com", 80, asked)).rejects.toThrow("inside the network");
  // A name that resolves to our server only in this test: it is requested by address, with the name in Host.
  const listed = { ...network(["loop.example.com", "127.0.0.1"]) };
  const answer = await checkedFetch(`http://loop.example.com:${target.port}/`, {}, listed);
  expect(await answer.text()).toBe("secret");
});

test("credentials do not follow a redirect to another origin", async () => {
  let seen: string | null = "none";
  const other = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      seen = request.headers.get("authorization");
      return new Response("ok");
    },
  });
  try {
    const address = `http://127.0.0.1:${target.port}/to?url=${encodeURIComponent(other.url.href)}`;
    await checkedFetch(address, { headers: { Authorization: "Bearer x" } }, network(["127.0.0.1"]));
    expect(seen).toBeNull();
  } finally {
    other.stop(true);
  }
});

test("without SOURCE_HOSTS nothing is reached; a listed name is, on its port if one is given", async () => {
  expect(await refusal("http://data.example.com/", [])).toBe("forbidden");
  const at = (host: string, port: number, hosts: string[]) => checkedAddress(host, port, network(hosts));
  expect(await at("data.example.com", 80, ["data.example.com"])).toBe("93.184.215.14");
  expect(await at("data.example.com.", 80, ["*.example.com"])).toBe("93.184.215.14");
  await expect(at("example.com", 80, ["*.example.com"])).rejects.toThrow("may not connect");
  await expect(at("dataxexample.com", 80, ["data.example.com"])).rejects.toThrow("may not connect");
  await expect(at("data.example.com", 81, ["data.example.com:80"])).rejects.toThrow("may not connect");
  expect(await at("inside.example.com", 80, ["inside.example.com", "10.0.0.0/8"])).toBe("10.1.2.3");
  expect(await at("localhost", 80, ["localhost"])).toBe("127.0.0.1");
  expect(await at("127.0.0.1", 5432, ["127.0.0.1:5432"])).toBe("127.0.0.1");
  await expect(at("127.0.0.1", 80, ["127.0.0.1:5432"])).rejects.toThrow("may not connect");
  expect(await at("[::1]", 80, ["::1"])).toBe("::1");
});

test("public addresses are told apart from reserved ones", () => {
  for (const address of ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:80b::200e"])
    expect([address, isPublic(address)]).toEqual([address, true]);
  for (const address of ["198.18.0.1", "203.0.113.9", "192.0.0.8", "2001:db8::1", "3fff::1", "ff02::1"])
    expect([address, isPublic(address)]).toEqual([address, false]);
});

test("every valid entry of SOURCE_HOSTS is accepted, and others are refused at the start", async () => {
  const { SETTINGS } = await import("../../../../core/operations/config.ts");
  const takes = (entry: string) => SETTINGS.SOURCE_HOSTS.schema.safeParse(entry).success;
  for (const entry of [
    "*",
    "data.example.com",
    "*.example.com",
    "db.example.com:5432",
    "10.0.0.0/8",
    "10.1.2.3",
  ])
    expect([entry, takes(entry)]).toEqual([entry, true]);
  for (const entry of ["::1", "fd00::/8", "[::1]:80", "127.0.0.1:5432", "/srv/data", "localhost"])
    expect([entry, takes(entry)]).toEqual([entry, true]);
  for (const entry of ["http://data.example.com", "data.example.com/x", "a b".replace(" ", "|"), "*.*", "-x"])
    expect([entry, takes(entry)]).toEqual([entry, false]);
});
