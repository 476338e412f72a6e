/** Tokens from before `deploy` was a scope of its own keep their rights, which is reported once. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { DEPLOY_SCOPE } from "../../../core/store/deploy-scope-migration.ts";
import { MIGRATIONS } from "../../../core/store/sqlite/migrations.ts";

function migrated(tokens: Record<string, string[]>) {
  const database = new Database(":memory:");
  for (const step of MIGRATIONS) {
    if (step === DEPLOY_SCOPE)
      for (const [id, scopes] of Object.entries(tokens))
        database.run(
          "INSERT INTO tokens (id, hash, name, scopes, created_by, created_at) VALUES (?, ?, ?, ?, 'me', 0)",
          [id, id, id, JSON.stringify(scopes)],
        );
    database.run(step);
  }
  const kept = database.query<{ id: string; scopes: string }, []>("SELECT id, scopes FROM tokens").all();
  const alerts = database.query<{ code: string }, []>("SELECT code FROM alerts").all();
  return { scopes: Object.fromEntries(kept.map((row) => [row.id, JSON.parse(row.scopes)])), alerts };
}

test("tokens that could train can deploy, and others are unchanged", () => {
  const { scopes, alerts } = migrated({ job: ["train", "sources"], reader: ["read"], boss: ["admin"] });
  expect(scopes).toEqual({ job: ["train", "sources", "deploy"], reader: ["read"], boss: ["admin"] });
  expect(alerts).toEqual([{ code: "scopes" }]);
});

test("without such a token there is nothing to report", () => {
  expect(migrated({ reader: ["read"] }).alerts).toEqual([]);
});
