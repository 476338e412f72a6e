/** Walks every address with parameters, every panel and every embed: what is malformed is refused with 400, nothing is a 500. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { PANEL_NAMES, PANELS } from "../../../core/events/panel-names.ts";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";

setDefaultTimeout(120_000);

let harness: Harness;
const SUBJECTS = { run: "", dataset: "", model: "crew" };
beforeAll(async () => {
  harness = await openHarness();
  const answer = await harness.ask("/api/train/crew.csv?target=Survived&budgetSeconds=1&budgetRounds=1", {
    ...{ method: "PUT", body: passengersCsv(90) },
    headers: { accept: "application/json" },
  });
  const run = (await answer.json()) as { id: string; datasetId: string };
  SUBJECTS.run = run.id;
  SUBJECTS.dataset = run.datasetId;
});
afterAll(() => harness.close());

const MALFORMED = ["%", "%E0%A4%A", "%C3", "a%zz", "%FF"];
const ODD = [
  "__proto__",
  "constructor",
  "..%2F..%2Fetc%2Fpasswd",
  "%00",
  "NaN",
  "-1",
  "1e309",
  "%F0%9F%92%A9",
  "x".repeat(3000),
];
/** These stay open for as long as the client listens. */
const STREAMS = /^\/(?:ws|api\/events)/;

/** Each route with parameters, once per method. */
function withParameters(): { method: string; path: string }[] {
  const seen = new Set<string>();
  return harness.routes.filter(({ method, path }) => {
    const key = `${method} ${path}`;
    const isNew = !seen.has(key) && method !== "ALL" && path.includes(":") && !STREAMS.test(path);
    seen.add(key);
    return isNew;
  });
}

const filled = (path: string, value: string) => path.replace(/:\w+(?:\{[^}]*\})?\??/g, value);

async function statusOf(method: string, path: string): Promise<number> {
  const hasBody = method !== "GET" && method !== "DELETE" && method !== "HEAD";
  const init = hasBody ? { method, body: "{}", headers: { "content-type": "application/json" } } : { method };
  const answer = await harness.ask(path, init);
  await answer.body?.cancel();
  return answer.status;
}

test("malformed percent-encoding is refused with 400 in every address", async () => {
  const routes = withParameters();
  expect(routes.length).toBeGreaterThan(60);
  const others: string[] = [];
  for (const { method, path } of routes)
    for (const value of MALFORMED) {
      const status = await statusOf(method, filled(path, value));
      if (status !== 400) others.push(`${status} ${method} ${filled(path, value)}`);
    }
  expect(others).toEqual([]);
});

test("odd names are answered, never with a 500", async () => {
  const failed: string[] = [];
  for (const { method, path } of withParameters())
    for (const value of ODD) {
      const status = await statusOf(method, filled(path, value));
      if (status >= 500) failed.push(`${status} ${method} ${filled(path, value).slice(0, 200)}`);
    }
  expect(failed).toEqual([]);
});

test("every panel and embed has what was asked for, in each form that it has", async () => {
  const failed: string[] = [];
  const refusedRight = new Set([400, 404, 406]);
  for (const panel of PANEL_NAMES) {
    const kind = PANELS[panel];
    const subjects =
      kind === null ? [""] : ["", `?of=${SUBJECTS[kind]}`, "?of=nothing", "?of=%", "?of=__proto__"];
    for (const of of subjects)
      for (const form of ["", ".json", ".svg", ".txt", ".csv", ".exe"])
        for (const path of [
          `/panels/${panel}${form}${of}`,
          ...(form === "" ? [`/embed/${panel}${of}`] : []),
        ]) {
          const status = await statusOf("GET", path);
          const isAsked = of === "" || of.endsWith(SUBJECTS[kind ?? "model"]);
          const isRight =
            form === "" && isAsked ? status === 200 : status === 200 || refusedRight.has(status);
          if (!isRight) failed.push(`${status} ${path}`);
        }
  }
  expect(failed).toEqual([]);
});
