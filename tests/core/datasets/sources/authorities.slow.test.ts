/** Reads sources from a server whose certificate an authority of one's own has signed: with SOURCE_CA, and not without. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

const folder = mkdtempSync(join(tmpdir(), "signalbox-ca-"));
const path = (name: string) => join(folder, name);
const openssl = (...words: string[]) => {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words], { cwd: folder });
  if (exitCode !== 0) throw new Error(String(stderr));
};
let server: ReturnType<typeof Bun.serve>;
const open: Harness[] = [];
beforeAll(() => {
  const key = ["-newkey", "rsa:2048", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=Our authority",
  );
  openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  writeFileSync(path("names.txt"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names.txt"];
  openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", "-days", "2", ...signing);
  const tls = { key: readFileSync(path("server.key")), cert: readFileSync(path("server.pem")) };
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", tls, fetch: () => new Response(passengersCsv(40)) });
});
afterAll(async () => {
  for (const harness of open) await harness.close();
  await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

async function refreshed(ca: string) {
  const harness = await openHarness({ SOURCE_HOSTS: "127.0.0.1", SOURCE_CA: ca });
  open.push(harness);
  const url = `https://127.0.0.1:${server.port}/crew.csv`;
  const { id } = (await (await harness.send("POST", "/api/sources", { name: "crew", url })).json()) as {
    id: string;
  };
  const answer = await harness.send("POST", `/api/sources/${id}/refresh`, {});
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test("its file is read where the authority is named", async () => {
  expect(await refreshed(path("ca.pem"))).toMatchObject({
    status: 200,
    body: { status: "ok", lastError: null },
  });
});

test("without it the certificate is refused, and SOURCE_CA is named", async () => {
  const { status, body } = await refreshed("");
  expect(status).toBe(503);
  expect(body.fix).toContain("SOURCE_CA");
});

test("a file without a certificate is said", async () => {
  const { status, body } = await refreshed(path("names.txt"));
  expect(status).toBe(409);
  expect(body.detail).toContain("SOURCE_CA names");
});
