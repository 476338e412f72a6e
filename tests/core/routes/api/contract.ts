/** Checks a response against its route's schema: status, media type and every field, with none extra. */
import { expect } from "bun:test";
import { PROBLEMS } from "../../../../core/http/problem.ts";
import { API } from "../../../../core/routes/api/index.ts";
import { answerSchema } from "../../../../core/routes/api/openapi.ts";
import { type Route, refusalsOf } from "../../../../core/routes/api/route.ts";

/** The row for an address. */
export function rowAt(method: string, path: string): Route {
  const fits = (row: Route) => new RegExp(`^${row.path.replace(/:\w+/g, "[^/]+")}$`).test(path);
  const row = API.find((candidate) => candidate.method === method && fits(candidate));
  if (!row) throw new Error(`no row for ${method} ${path}`);
  return row;
}

/** How many bytes of a response are checked. */
interface Answered {
  status: number;
  headers: { get: (name: string) => string | null };
  text: () => Promise<string>;
  json: () => Promise<unknown>;
}

export async function expectContract(row: Route, answer: Answered): Promise<void> {
  const place = `${row.method} ${row.path} ${answer.status}`;
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  if (answer.status >= 400) {
    const documented = refusalsOf(row).map((code) => PROBLEMS[code].status);
    expect([place, documented.includes(answer.status)]).toEqual([place, true]);
    expect([place, type]).toEqual([place, "application/problem+json"]);
    return;
  }
  const promised = row.answers[answer.status as 200];
  expect([place, promised !== undefined]).toEqual([place, true]);
  const content = promised ?? {};
  if (answer.status === 204) return expect(await answer.text()).toBe("");
  expect([place, Object.keys(content)]).toEqual([place, expect.arrayContaining([type])]);
  const schema = content[type];
  if (schema === undefined || typeof schema === "string") return;
  const body: unknown = await answer.json();
  const parsed = answerSchema(schema).safeParse(body);
  expect([place, parsed.error?.issues ?? []]).toEqual([place, []]);
  // Parsing drops what the schema does not name: nothing may be dropped.
  expect(parsed.data).toEqual(body);
}
