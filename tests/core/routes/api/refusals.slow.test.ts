/**
 * Checks that every invalid file and request gets a problem that says what, where and how to fix it, and stores
 * nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../../../core/http/problem.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { inTime } from "../../../harness/deadline.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ MAX_UPLOAD_MB: "5" });
});
afterAll(() => harness.close());

async function problemOf(answer: Response, status: number): Promise<Problem> {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const told = (await answer.json()) as Problem;
  // Bun's matcher writes what it matched into its subject.
  expect({ ...told }).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(answer.status).toBe(status);
  return told;
}

describe("files", () => {
  const binary = new Uint8Array(4096).map((_, i) => (i * 7919) % 251);
  test.each([
    ["an empty file", "", 422],
    ["a binary file", binary, 422],
    ["only a header", "a,b,c\n", 422],
    ["one column of one value", "a\n1\n1\n1\n", 422],
    ["an Excel file", new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 6, 0, 8, 0, 0, 0, 33, 0]), 422],
  ])("%s is refused and leaves nothing", async (_name, content, status) => {
    const told = await problemOf(await harness.upload("wrong.csv", content), status);
    expect(told.fix).toEqual(expect.any(String));
    expect(await harness.json("/api/datasets")).toMatchObject({ items: [] });
    expect(readdirSync(join(harness.signalbox.config.DATA_DIR, "datasets"))).toEqual([]);
  });

  test("a picture is recognised by its bytes, whatever the client calls it, and not quoted", async () => {
    const picture = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]);
    for (const type of ["image/png", "text/csv"]) {
      const headers = { "content-type": type };
      const answer = await harness.ask("/api/upload?name=a.png", { method: "POST", headers, body: picture });
      const told = await problemOf(answer, 422);
      expect(told.detail).toBe("The file is a PNG image, not a table that can be read");
      expect(told.near).toBeUndefined();
    }
  });

  test("a file with a declared size of 10 GB is refused before it is sent", async () => {
    const answer = await harness.ask("/api/upload?name=huge.csv", {
      method: "POST",
      headers: { "content-length": "10000000000" },
      body: "a,b\n1,2\n",
    });
    expect((await problemOf(answer, 413)).fix).toContain("MAX_UPLOAD_MB");
  });

  test("a body that exceeds the limit while it is read is refused", async () => {
    await problemOf(await harness.upload("large.csv", passengersCsv(300_000)), 413);
    expect(readdirSync(join(harness.signalbox.config.DATA_DIR, "datasets"))).toEqual([]);
  });

  test("the next upload works, multipart too, and its name is a label", async () => {
    const form = new FormData();
    form.append("file", new File([passengersCsv(60)], "../../etc/<b>x</b>.csv"));
    const answer = await harness.ask("/api/upload", { method: "POST", body: form });
    expect(answer.status).toBe(201);
    expect((await answer.json()) as { name: string }).toMatchObject({ name: "b>.csv" });
  });
});

describe("trainings", () => {
  const train = async (csv: string, request: Record<string, unknown>) => {
    const { id } = (await (await harness.upload("t.csv", csv)).json()) as { id: string };
    return harness.send("POST", "/api/train?wait=1", { datasetId: id, budgetSeconds: 2, ...request });
  };

  test("no such target: 422 that lists the columns and a similar name", async () => {
    const told = await problemOf(await train(passengersCsv(60), { target: "survived" }), 422);
    expect(told).toMatchObject({ column: "survived", fix: expect.stringContaining("Survived") });
  });

  test("a file sent to /api/train is answered with where files are trained on", async () => {
    const form = new FormData();
    form.append("file", new File(["a,b\n1,2\n"], "x.csv"));
    const urlencoded = { "content-type": "application/x-www-form-urlencoded" };
    const send = (init: RequestInit) => harness.ask("/api/train", { method: "POST", ...init });
    for (const init of [
      { body: form },
      { body: "a,b\n1,2\n" },
      { body: "a,b\n1,2\n", headers: urlencoded },
    ]) {
      const told = await problemOf(await send(init), 415);
      expect(told.detail).toBe("This route takes JSON, not a file");
      expect(told.example).toContain("curl --fail-with-body -T FILE.csv");
      expect(told.example).toContain("/api/train/FILE.csv?target=COLUMN");
    }
    const json = await problemOf(await send({ body: '{"datasetId":"a,b"}', headers: urlencoded }), 415);
    expect(json.fix).toBe("Send JSON with the header content-type: application/json.");
    expect(json.example).toContain("content-type: application/json");
  });

  test("a request that is not JSON, has an unknown field or another type", async () => {
    await problemOf(await harness.ask("/api/train", { method: "POST", body: "datasetId=1" }), 415);
    const broken = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    await problemOf(await harness.ask("/api/train", broken), 400);
    const refuse = async (options: object) =>
      (await problemOf(await harness.send("POST", "/api/train", { datasetId: "x", ...options }), 400)).fix;
    expect(await refuse({ speed: 9 })).toContain("takes datasetId, target,");
    expect(await refuse({ budget: 9 })).toBe("Did you mean budgetSeconds?");
    const detailOf = async (options: object) =>
      (await problemOf(await harness.send("POST", "/api/train", options), 400)).detail;
    expect(await detailOf({ datasetId: "x", budgetSeconds: "ten" })).toBe("budgetSeconds: must be a number");
    expect(await detailOf({})).toBe("datasetId: is missing; it must be text");
    await problemOf(await harness.send("POST", "/api/train", { datasetId: "unknown" }), 404);
  });

  const column = (name: string, of: (i: number) => string) =>
    ["x,y,".concat(name), ...Array.from({ length: 80 }, (_, i) => `${i % 7},${(i * 13) % 11},${of(i)}`)].join(
      "\n",
    );
  test.each([
    ["a target of one class", column("t", () => "yes")],
    ["a target of words that are all different", column("t", (i) => `word${i * 7919}x`)],
  ])("%s: the run fails with the column and the fix", async (_name, csv) => {
    const run = (await (await train(csv, { target: "t" })).json()) as {
      status: string;
      error: { column?: string; fix?: string; message: string };
    };
    expect(run.status).toBe("failed");
    expect(run.error).toMatchObject({ column: "t", fix: expect.any(String) });
  });

  test("curl's stream breaks where the run fails, after the reason", async () => {
    const answer = await harness.ask("/api/train/one.csv?target=t&budgetSeconds=2", {
      method: "PUT",
      headers: { accept: "*/*" },
      body: column("t", () => "yes"),
    });
    expect(answer.status).toBe(200);
    const reader = answer.body!.getReader();
    let text = "";
    const reading = (async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return false;
        text += new TextDecoder().decode(value);
      }
    })().catch(() => true);
    const broken = await inTime(reading, "the end of the stream");
    expect(text).toContain("Failed (422)");
    expect(text.slice(text.indexOf("Failed (422)"))).not.toContain("/resume");
    expect(broken).toBe(true);
  });
});

describe("routes", () => {
  test("unknown paths, ids and panels are 404 problems; a page shows the same as HTML", async () => {
    for (const path of [
      "/nothing",
      "/api/runs/x",
      "/api/datasets/x",
      "/models/x",
      "/panels/x",
      "/panels/run?of=x",
    ]) {
      await problemOf(await harness.ask(path), 404);
    }
    const page = await harness.ask("/runs/x", { headers: { accept: "text/html" } });
    expect(page.status).toBe(404);
    expect(await page.text()).toContain("Run x does not exist");
  });

  test("a stranger's host is refused on every route", async () => {
    for (const path of ["/", "/api/datasets", "/ws"]) {
      await problemOf(await harness.ask(path, { headers: { host: "evil.example" } }), 421);
    }
  });

  test("a page of another origin may not upload", async () => {
    const headers = { origin: "http://evil.example" };
    await problemOf(await harness.ask("/api/upload", { method: "POST", headers, body: "a,b\n1,2\n" }), 403);
  });
});

describe("panels", () => {
  test("have an ETag that carries the position, and answer 304 while nothing happened", async () => {
    const first = await harness.ask("/panels/datasets", { headers: { accept: "text/html" } });
    const etag = first.headers.get("etag")!;
    expect(etag).toMatch(/^"\w+-\d+-datasets"$/);
    const second = await harness.ask("/panels/datasets", { headers: { "if-none-match": etag } });
    expect(second.status).toBe(304);
    await harness.upload("other.csv", passengersCsv(70, 9));
    const third = await harness.ask("/panels/datasets", { headers: { "if-none-match": etag } });
    expect(third.status).toBe(200);
    expect(await third.text()).toContain("other.csv");
  });
});
