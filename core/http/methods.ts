/** Which methods does an address take? From the same routes that answer it. */
import { AppError } from "../platform/errors.ts";

/** As Allow has them: "GET, HEAD, OPTIONS"; "" where nothing is. `routes` as the router lists them. */
export function methodsAt(routes: readonly { method: string; path: string }[], path: string): string {
  const isHere = (route: { path: string }) =>
    !route.path.endsWith("*") && new RegExp(`^${route.path.replace(/:\w+/g, "[^/]+")}$`).test(path);
  const methods = new Set(routes.filter(isHere).map(({ method }) => method));
  if (!methods.size) return "";
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].sort().join(", ");
}

/** Why an address does not answer: nothing is there, or it takes other methods. */
export function nothingAt(method: string, path: string, allow: string): AppError {
  if (!allow) return new AppError("missing", `There is nothing at ${path}`, { fix: "See /docs." });
  return new AppError("method", `${path} does not take ${method}`, { fix: `It takes ${allow}.` });
}
