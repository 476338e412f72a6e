/**
 * Checks the server against its OpenAPI document with generated requests. 5,000 by fast-check, or as many as are
 * named (the tests ask 500 each time), then as many by schemathesis against a process that listens, for anybody and
 * for the admin's token. Prints how many answers had which status; a wrong one ends it with the request.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { API } from "../../core/routes/api/index.ts";
import { fuzz } from "../core/routes/api/fuzz.ts";
import { passengersCsv } from "../harness/app.ts";

const ROOT = resolve(import.meta.dir, "../..");
const TOKEN = "the-admin-of-generated-requests-0123456789";
/** No 5xx, no undocumented status, type or header, no schema mismatch. */
const CHECKS = [
  ...["not_a_server_error", "status_code_conformance", "content_type_conformance"],
  ...["response_headers_conformance", "response_schema_conformance"],
];

export async function run([requests = "5000", seed]: string[]): Promise<void> {
  const statuses = await fuzz(Number(requests), seed === undefined ? undefined : Number(seed));
  for (const [status, count] of [...statuses].sort(([one], [other]) => one - other))
    console.log(`${status}  ${count}`);
  if (!Bun.which("schemathesis")) {
    console.log("schemathesis is not here (python3 -m pip install schemathesis): fast-check alone has asked");
    return;
  }
  for (const auth of ["none", "token"] as const) await askBySchemathesis(auth, Number(requests) / 2);
}

async function askBySchemathesis(auth: "none" | "token", requests: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-schemathesis-"));
  const env = { AUTH: auth, ADMIN_TOKEN: TOKEN, DATA_DIR: join(folder, "data"), TRAIN_BUDGET_SECONDS: "1" };
  const server = Bun.spawn([process.execPath, "server.ts"], {
    ...{ cwd: ROOT, stdout: "pipe" },
    env: { ...process.env, ...env, PORT: "0", LOG_LEVEL: "error" },
  });
  try {
    const { url } = JSON.parse(await firstLine(server.stdout)) as { url: string };
    const headers = auth === "token" ? { authorization: `Bearer ${TOKEN}` } : undefined;
    await fetch(`${url}api/train/crew.csv`, { method: "PUT", headers, body: passengersCsv(150) }).then(
      (answer) => answer.text(),
    );
    const child = Bun.spawn(
      [
        ...["schemathesis", "run", `${url}openapi.json`, "--checks", CHECKS.join(","), "--no-color"],
        ...["--phases", "coverage,fuzzing", "--continue-on-failure", "--request-timeout", "600"],
        ...["--max-examples", String(Math.ceil(requests / API.length)), "--seed", "1"],
        ...(headers ? ["-H", `Authorization: ${headers.authorization}`] : []),
      ],
      { cwd: folder, stdout: "pipe", env: { ...process.env, NO_COLOR: "1" } },
    );
    const said = await new Response(child.stdout).text();
    const told = /^Test cases:\n(.*)$/m.exec(said)?.[1]?.trim();
    console.log(`schemathesis, AUTH=${auth}: ${told}`);
    if ((await child.exited) !== 0) throw new Error(said);
  } finally {
    server.kill();
    await server.exited;
    await rm(folder, { recursive: true });
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) break;
  }
  return text.split("\n", 1)[0]!;
}
