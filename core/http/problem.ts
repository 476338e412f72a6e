/** Writes errors as RFC 9457 problem details, in one shape for every route. */
import { diskFailure } from "../platform/disk.ts";
import { AppError, type ErrorCode, type ErrorPlace } from "../platform/errors.ts";

export const PROBLEMS: Record<ErrorCode, { status: number; title: string }> = {
  syntax: { status: 400, title: "The request is not valid" },
  unauthorized: { status: 401, title: "Sign in first" },
  forbidden: { status: 403, title: "Not allowed" },
  missing: { status: 404, title: "Not found" },
  method: { status: 405, title: "Method not allowed" },
  not_acceptable: { status: 406, title: "Format not available" },
  conflict: { status: 409, title: "Not possible in this state" },
  precondition: { status: 412, title: "Changed meanwhile" },
  too_large: { status: 413, title: "Too large" },
  media_type: { status: 415, title: "Content type not supported" },
  host: { status: 421, title: "Unknown host name" },
  invalid: { status: 422, title: "The data cannot be used" },
  too_many: { status: 429, title: "Too many requests" },
  unavailable: { status: 503, title: "Temporarily unavailable" },
  disk_full: { status: 507, title: "The disk is full" },
};

export interface Problem extends ErrorPlace {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
}

/** `instance` is the request's ID: the log line for an internal error has the same. */
export function problem(thrown: unknown, instance: string): Problem {
  const error = thrown instanceof AppError ? thrown : diskFailure(thrown);
  if (!error) {
    const detail = "Signalbox had an internal error. The log has the details under this ID.";
    return { type: "about:blank", title: "Internal error", status: 500, detail, instance };
  }
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `/docs#problem-${error.code}`,
    title,
    status,
    detail: error.message,
    instance,
    ...error.place,
  };
}

/** As in Allow: "GET, HEAD, OPTIONS"; "" if there are none. `routes` as the router lists them. */
export function methodsAt(routes: readonly { method: string; path: string }[], path: string): string {
  const isHere = (route: { path: string }) =>
    !route.path.endsWith("*") && new RegExp(`^${route.path.replace(/:\w+/g, "[^/]+")}$`).test(path);
  const methods = new Set(routes.filter(isHere).map(({ method }) => method));
  if (!methods.size) return "";
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].sort().join(", ");
}

/** Why a path has no route: it does not exist, or takes other methods. */
export function nothingAt(method: string, path: string, allow: string): AppError {
  if (!allow) return new AppError("missing", `${path} does not exist`, { fix: "See /docs." });
  return new AppError("method", `${path} does not take ${method}`, { fix: `It takes ${allow}.` });
}
