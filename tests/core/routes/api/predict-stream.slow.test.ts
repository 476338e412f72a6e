/**
 * Checks that predictions are sent while rows still arrive, and that the stream ends with the client, its access or
 * a bad file.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "bun";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { inTime, readUntil } from "../../../harness/deadline.ts";

const ADMIN = "an-admin-token-of-the-tests-0123456789";
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN });
  const headers = { ...bearer(ADMIN), "content-type": "text/csv" };
  const body = passengersCsv(150);
  const upload = await harness.ask("/api/upload?name=crew.csv", { method: "POST", headers, body });
  const { id: datasetId } = (await upload.json()) as { id: string };
  const trained = await harness.ask("/api/train?wait=1", {
    ...{ method: "POST", headers: { ...headers, "content-type": "application/json" } },
    body: JSON.stringify({ datasetId, budgetRounds: 5 }),
  });
  expect(trained.status).toBe(200);
}, 30_000);
afterAll(() => harness.close());

const [HEADER, ...ROWS] = passengersCsv(400, 5).trim().split("\n");
const file = (rows: string[]) => `${rows.join("\n")}\n`;

/** A body that continues on command. */
function sender() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const send = (text: string) => writer.write(new TextEncoder().encode(text));
  return { readable, send, end: () => writer.close(), cut: () => writer.abort(new Error("gone")) };
}

const predict = (body: ReadableStream | string | Uint8Array<ArrayBuffer>, token = ADMIN) =>
  harness.ask("/api/models/crew/predict?version=1", {
    ...{ method: "PUT", headers: { ...bearer(token), "content-type": "", accept: "*/*" }, body },
    duplex: "half",
  } as RequestInit);

const partsLeft = () =>
  readdirSync(join(harness.signalbox.config.DATA_DIR, "datasets")).filter((name) => name.endsWith(".part"));

test("rows are predicted while others are still arriving", async () => {
  const { readable, send, end } = sender();
  const asked = predict(readable);
  await send(file([HEADER!, ...ROWS.slice(0, 3)]));
  const answer = await asked;
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = await readUntil(reader, (known) => known.split("\r\n").length >= 5, "three rows' answers");
  expect(text.split("\r\n")[0]).toMatch(
    new RegExp(`^${HEADER},prediction,probability_0,probability_1,(?:threshold,)?prediction_id,warnings$`),
  );
  expect(answer.headers.get("x-warnings")).toBe("in-column");
  await send(file(ROWS.slice(3)));
  await end();
  const read = () => inTime(reader.read(), "the end of the answers");
  for (let next = await read(); !next.done; next = await read()) text += next.value;
  expect(text.trim().split("\r\n")).toHaveLength(ROWS.length + 1);
  expect(partsLeft()).toEqual([]);
});

test("whole, in chunks of seven bytes, compressed: the same predictions", async () => {
  const csv = file([HEADER!, ...ROWS]);
  const answers = async (body: Parameters<typeof predict>[0]) =>
    (await (await predict(body)).text()).replaceAll(/[^,]*,[^,]*\r\n/g, "\n");
  const chunked = new ReadableStream<Uint8Array>({
    start(controller) {
      const bytes = new TextEncoder().encode(csv);
      for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
      controller.close();
    },
  });
  const whole = await answers(csv);
  expect(whole.split("\n")).toHaveLength(ROWS.length + 2);
  expect(await answers(chunked)).toBe(whole);
  expect(await answers(gzipSync(csv))).toBe(whole);
});

test("it is cut when the access is revoked, with the reason, although rows are still arriving", async () => {
  const made = await harness.ask("/api/tokens", {
    ...{ method: "POST", headers: { ...bearer(ADMIN), "content-type": "application/json" } },
    body: JSON.stringify({ name: "batch", scopes: ["predict"] }),
  });
  const { id, token } = (await made.json()) as { id: string; token: string };
  const { readable, send, cut } = sender();
  const asked = predict(readable, token);
  await send(file([HEADER!, ...ROWS.slice(0, 5)]));
  const answer = await asked;
  await harness.ask(`/api/tokens/${id}`, { method: "DELETE", headers: bearer(ADMIN) });
  let text = "";
  const read = async () => {
    for await (const chunk of answer.body!) text += new TextDecoder().decode(chunk);
  };
  expect(read()).rejects.toBeUndefined();
  await read().catch(() => {});
  expect(text).toContain("was revoked");
  expect(partsLeft()).toEqual([]);
  await cut();
});

test("a client that leaves ends it", async () => {
  const { readable, send, cut } = sender();
  const asked = predict(readable);
  await send(file([HEADER!, ...ROWS.slice(0, 5)]));
  const answer = await asked;
  const left = answer.body!.cancel();
  await cut();
  await left;
  expect(partsLeft()).toEqual([]);
  expect(harness.signalbox.holds.count).toBe(0);
});

test("a body that is not a table is refused before the first byte of the response", async () => {
  expect((await predict("\x89PNG\r\n\x1a\n0000")).status).toBe(422);
  expect((await predict(`${HEADER}\n`)).status).toBe(422);
  expect(await (await predict("Colour,Size\nred,1\n")).json()).toMatchObject({
    ...{ status: 422, row: 1, detail: expect.stringContaining("Colour, Size") },
  });
  expect(partsLeft()).toEqual([]);
});
