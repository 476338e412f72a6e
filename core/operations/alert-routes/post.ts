/** Sends a message to an address of the operator, for webhooks and chat channels. */
import { VERSION } from "../../platform/version.ts";

/** Sends it once; null: delivered, else the reason. */
export async function post(
  url: string,
  about: { headers: Record<string, string>; body: string; signal: AbortSignal; timeoutMs: number },
): Promise<string | null> {
  const { headers, body, signal, timeoutMs } = about;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "user-agent": `signalbox/${VERSION}`, ...headers },
      body,
      // A redirect could lead to an address that nobody configured.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    return answer.ok ? null : `answered ${answer.status}`;
  } catch (error) {
    return error instanceof DOMException && error.name === "TimeoutError"
      ? `no response within ${timeoutMs / 1000} s`
      : "the connection failed";
  }
}
