/** Checks that an upload cut off in the middle leaves nothing: no file, and no open descriptor. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { receiveFile } from "../../../core/datasets/receive.ts";

const FORM_HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n';

/** Sends `text`, and breaks once that has come. */
function cutAfter(text: string, type: string): Request {
  let sent = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!sent) controller.enqueue(new TextEncoder().encode(text));
      else {
        await Bun.sleep(20);
        controller.error(new Error("the connection was cut"));
      }
      sent = true;
    },
  });
  return new Request("http://127.0.0.1/", { method: "POST", body, headers: { "content-type": type } });
}

const isOpen = (path: string) =>
  readdirSync("/proc/self/fd").some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      // The listing's own descriptor is closed by now.
      return false;
    }
  });

test.each([
  ["a raw body", "text/csv", ""],
  ["a form", "multipart/form-data; boundary=b", FORM_HEAD],
])("%s that is interrupted leaves nothing", async (_, type, head) => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-receive-"));
  const path = join(folder, "cut.part");
  const options = { path, maxBytes: 1e6, name: null, onBytes: () => {} };
  const request = cutAfter(`${head}${"a,b\n1,2\n".repeat(5000)}`, type);
  await expect(receiveFile(request, options)).rejects.toThrow();
  await Bun.sleep(50);
  expect({ isThere: existsSync(path), isOpen: isOpen(path) }).toEqual({ isThere: false, isOpen: false });
  rmSync(folder, { recursive: true });
});
