/**
 * Does the server hold to its OpenAPI document under generated requests? 5,000 by fast-check, or as many as are named;
 * the tests ask 500 each time. Prints how many answers had which status; a wrong one ends it with the request.
 */
import { fuzz } from "../http/fuzz.ts";

export async function run([requests = "5000", seed]: string[]): Promise<void> {
  const statuses = await fuzz(Number(requests), seed === undefined ? undefined : Number(seed));
  for (const [status, count] of [...statuses].sort(([one], [other]) => one - other))
    console.log(`${status}  ${count}`);
}
