/** Checks that a socket needs access, refuses other sites' pages, and closes the moment that access ends. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { signEmbedToken } from "../../../../core/http/identity/embeds/embed-token.ts";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import { openServed, type Served } from "../../../harness/served.ts";

let served: Served;

beforeAll(async () => {
  served = await openServed({ AUTH: "token", ADMIN_TOKEN: "the admin", EMBED_SECRET: "the portal" });
});
afterAll(() => served.close());

const make = (scopes: Scope[], expiresAt?: string) =>
  served.signalbox.tokens.create({ name: "t", scopes, expiresAt }, "tests");
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The socket, once it has been greeted; null if it was refused. */
function open(query: string, headers: Record<string, string>): Promise<WebSocket | null> {
  const { promise, resolve } = Promise.withResolvers<WebSocket | null>();
  const socket = new WebSocket(`${served.url.replace("http", "ws")}/ws?${query}`, { headers });
  socket.addEventListener("message", () => resolve(socket), { once: true });
  socket.addEventListener("error", () => resolve(null), { once: true });
  return promise;
}

const closing = (socket: WebSocket) =>
  new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve, { once: true }));

test.each<[string, Scope[] | null, boolean]>([
  ["panels=metrics", ["read"], true],
  ["panels=metrics", ["embed"], true],
  ["panels=metrics", ["predict"], false],
  ["panels=metrics", null, false],
  ["format=json", ["read"], true],
  ["format=json", ["embed"], false],
])("%s with %p: %p", async (query, scopes, isIn) => {
  const socket = await open(query, scopes ? bearer((await make(scopes)).token) : {});
  expect(socket !== null).toBe(isIn);
  socket?.close();
});

test("another page's socket is refused, although the browser sends its cookie", async () => {
  const cookie = `signalbox-${served.signalbox.config.PORT}=${(await served.signalbox.tokens.signIn("the admin")).cookie}`;
  expect(await open("panels=metrics", { cookie, origin: "http://evil.example" })).toBe(null);
  const ours = await open("panels=metrics", { cookie, origin: served.url });
  expect(ours).not.toBe(null);
  ours?.close();
});

test("a revoked token's sockets close at once, including its browser's; others stay", async () => {
  const { token, id } = await make(["read"]);
  const cookie = `signalbox-${served.signalbox.config.PORT}=${(await served.signalbox.tokens.signIn(token)).cookie}`;
  const [viewer, reader, browser] = await Promise.all([
    open("panels=metrics", bearer(token)),
    open("format=json", bearer(token)),
    open("panels=metrics", { cookie }),
  ]);
  const other = (await open("panels=metrics", bearer((await make(["read"])).token)))!;
  const closed = Promise.all([viewer, reader, browser].map((socket) => closing(socket!)));
  await served.signalbox.tokens.revoke(id);
  expect((await closed).map(({ code }) => code)).toEqual([1008, 1008, 1008]);
  expect(other.readyState).toBe(WebSocket.OPEN);
  other.close();
  expect(await open("panels=metrics", bearer(token))).toBe(null);
});

test("signing out closes that browser's sockets", async () => {
  const { cookie: value } = await served.signalbox.tokens.signIn("the admin");
  const cookie = `signalbox-${served.signalbox.config.PORT}=${value}`;
  const socket = (await open("panels=metrics", { cookie }))!;
  const closed = closing(socket);
  const url = served.url;
  await fetch(`${url}/sign-out`, { method: "POST", headers: { cookie, origin: url }, redirect: "manual" });
  expect((await closed).code).toBe(1008);
});

test("an embed's socket closes when its link expires", async () => {
  const token = signEmbedToken({ panel: "metrics", expires: Date.now() + 1500 }, "the portal");
  const socket = (await open(`panels=metrics&token=${token}`, {}))!;
  expect((await closing(socket)).code).toBe(1008);
  expect(await open(`panels=metrics&token=${token}`, {})).toBe(null);
});
