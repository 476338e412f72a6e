/** The refusals of a Parquet file. */
import { AppError } from "../../../platform/errors.ts";

export function damagedParquet(cause?: unknown): AppError {
  const error = new AppError("invalid", "The Parquet file is damaged", {
    fix: "Write it again, or upload the table as CSV.",
  });
  error.cause = cause;
  return error;
}

/** `what` the file says about itself that is not so. */
export function contradiction(what: string): AppError {
  return new AppError("invalid", `The Parquet file is damaged: ${what}`, {
    fix: "Write it again, or upload the table as CSV.",
  });
}

export function hugePage(): AppError {
  return new AppError("invalid", "A page of the Parquet file unpacks to more than can be read", {
    fix: "Write the file again with pages of the usual size (1 MB).",
  });
}
