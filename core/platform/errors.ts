/**
 * Errors that a user can cause, and the few codes that callers branch on. Anything that is not an AppError is a defect:
 * it shows as an internal error with an ID, never with its details.
 */

export type ErrorCode =
  | "syntax" // 400: the request itself is wrong: it cannot be parsed, or has an unknown or invalid parameter
  | "unauthorized" // 401
  | "forbidden" // 403
  | "missing" // 404
  | "method" // 405
  | "not_acceptable" // 406
  | "conflict" // 409
  | "precondition" // 412: changed by somebody else meanwhile
  | "too_large" // 413
  | "media_type" // 415
  | "host" // 421
  | "invalid" // 422: parsed, but its data cannot be used
  | "too_many" // 429
  | "unavailable" // 503
  | "disk_full"; // 507

/** Where the error is and how to fix it; `row` is 1-based in the file, header included. */
export interface ErrorPlace {
  row?: number;
  column?: string;
  /** The file's own text around the error. */
  near?: string;
  /** One sentence: what the reader can do now. */
  fix?: string;
  /** A command or value that works if pasted. */
  example?: string;
  /** Where the request would be carried out if it confirmed the warning. */
  confirm?: Confirmation;
}

export interface Confirmation {
  /** Of the request: true confirms. */
  field: string;
  /** What speaks against it, for programs. */
  code: string;
  reasons: { code: string; column: string | null; message: string }[];
}

export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly place: ErrorPlace = {},
  ) {
    super(message);
    this.name = "AppError";
  }
}

/** The database cannot be reached: nothing was changed, and the server continues when it can. */
export class StoreUnavailable extends AppError {
  constructor(message: string) {
    super("unavailable", message, { fix: "Try again in a moment. An operator should look at the database." });
  }
}

/**
 * The bucket or shared folder with the files cannot be reached: stored data stays, and the server continues when it
 * can.
 */
export class StorageUnavailable extends AppError {
  constructor(
    message: string,
    /** Retrying will not help: its keys, rights or name are wrong. */
    readonly isRefusal = false,
  ) {
    super("unavailable", message, {
      fix: "Try again in a moment. An operator should look at the storage that STORAGE_URL names.",
    });
  }
}

/** Converts an AppError to plain data for another process, and back. */
export interface ErrorRecord extends ErrorPlace {
  code: ErrorCode | "internal";
  message: string;
}

export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof AppError) return { code: error.code, message: error.message, ...error.place };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
