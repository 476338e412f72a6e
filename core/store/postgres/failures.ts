/** Tells which of the driver's errors mean that the database cannot be reached, and which are ours. */
import { diskFull } from "../../platform/disk.ts";
import { StoreUnavailable } from "../../platform/errors.ts";

/** Connections that end or cannot be opened, by the classes of SQLSTATE and the names of the system's errors. */
const LOST_CODE =
  /^(?:08...|57P0[1-5]|25P03|53300|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const LOST_WORDS =
  /connection terminated|timeout exceeded|query read timeout|not queryable|client was closed|connection closed|socket/i;

/** A StoreUnavailable if the connection is the cause; else the original error. */
export function databaseFailure(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === "53100") return diskFull();
  if (isLost(error)) return new StoreUnavailable(`The database does not respond (${code ?? message})`);
  return error;
}

export function isLost(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return LOST_CODE.test(code);
  return LOST_WORDS.test(error.message);
}
