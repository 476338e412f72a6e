test("events as NDJSON have as many lines as they are limited to, each of them JSON", async () => {
  for (const name of ["one", "two", "three"]) await harness.upload(`${name}.csv`, `a,y\n1,${name}\n2,no\n`);
  const answer = await harness.ask("/api/events?limit=3", { headers: { accept: "application/x-ndjson" } });
  const lines = (await answer.text()).split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.parse(line).seq)).toHaveLength(3);
});
