/** Checks that a client's address is taken from trusted proxies only. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { clientAddress, networkOf, readProxies } from "../../../core/operations/networks.ts";

const PROXIES = readProxies(["10.0.0.0/8", "192.168.1.1", "fd00::/8", "::1"]);

test.each([
  ["203.0.113.5", null, "203.0.113.5"],
  ["203.0.113.5", "1.1.1.1", "203.0.113.5"],
  ["10.0.0.1", null, "10.0.0.1"],
  ["10.0.0.1", "203.0.113.5", "203.0.113.5"],
  ["::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"],
  ["10.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"],
  ["10.0.0.1", "1.1.1.1, 203.0.113.5, 192.168.1.1, fd00::7", "203.0.113.5"],
  ["10.0.0.1", "1.1.1.1, nonsense, 10.0.0.2", "10.0.0.2"],
  ["10.0.0.1", "203.0.113.5:4711", "203.0.113.5"],
  ["::1", "[2001:db8::5]:4711", "2001:db8::5"],
  ["10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"],
  ["", "203.0.113.5", ""],
])("from %p by %p: %p", (peer, forwarded, expected) => {
  const headers = new Headers(forwarded === null ? {} : { "x-forwarded-for": forwarded });
  expect(clientAddress(headers, peer, PROXIES)).toBe(expected);
});

test("values that a client adds to the header do not change its address", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("x"))), fc.ipV4(), (written, client) => {
      fc.pre(!PROXIES.isTrusted(client));
      const headers = new Headers({ "x-forwarded-for": [...written, client].join(", ") });
      expect(clientAddress(headers, "10.0.0.1", PROXIES)).toBe(client);
    }),
  );
});

test.each([
  ["203.0.113.5", "203.0.113.5"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:1:2::9", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1:2:3", "fe80:0:0:0::/64"],
])("%p counts as %p", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
