/** Shows a refusal on the page with the form. With htmx that page is still open: the form itself says why. */
import { type Problem, problem } from "../../http/problem.ts";
import { AppError } from "../../platform/errors.ts";
import type { Call } from "../api/route.ts";
import type { FormResult } from "./form-handlers.ts";

/** `again`: the page's data, with why nothing was changed. */
export function withRefusal<T>(again: (call: Call, refusal: Problem) => Promise<T>) {
  return (submit: (call: Call) => Promise<FormResult | T>) =>
    async (call: Call): Promise<FormResult | T> => {
      try {
        return await submit(call);
      } catch (error) {
        if (!(error instanceof AppError) || call.request.headers.has("hx-request")) throw error;
        return again(call, problem(error, call.requestId));
      }
    };
}
