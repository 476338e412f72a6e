/** Two hundred viewers that never read, in a separate process, so that the server's memory can be measured alone. */
import { RawClient } from "../../harness/raw-client.ts";

const [url, path] = process.argv.slice(2) as [string, string];
const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.open(url, path)));
console.log(`${clients.length} opened`);
// One of them reads in the end, and reports that the server has closed.
for await (const _ of process.stdin) {
  await clients[0]!.closed();
  console.log("closed");
}
