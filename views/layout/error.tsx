/** Draws the error page: what went wrong and what to do next. Programs get the same as JSON. */
import type { Problem } from "../../core/http/problem.ts";
import { count, sentence } from "../parts/format.ts";
import { Layout } from "./layout.tsx";
import { type PageContext, url } from "./page-context.ts";
import { forPeople } from "./problem-words.ts";

const WAYS_ON = [
  ["/", "Go to the dashboard"],
  ["/datasets", "Datasets"],
  ["/runs", "Runs"],
  ["/models", "Models"],
] as const;

/** Errors whose API fix does not help readers who came by a link. */
const HEADINGS: Record<number, { title: string; says: string }> = {
  404: {
    title: "Page not found",
    says: "It may have been deleted, or the link is wrong. These pages show what is here:",
  },
  403: { title: "You do not have access", says: "Ask an admin for a token or role that allows it." },
  500: {
    title: "Something went wrong",
    says: "This is an error of the server. Try again; if it persists, send the request ID below to your admin.",
  },
};

export function ErrorPage({ context, problem }: { context: PageContext; problem: Problem }) {
  const heading = HEADINGS[problem.status];
  return (
    <Layout context={context} title={heading?.title ?? problem.title} panels={[]}>
      <div class="error-page">
        <p class="error-lamps" aria-hidden="true">
          <span class="lamp lamp-danger" />
          <span class="lamp lamp-dark" />
        </p>
        <h1>{heading?.title ?? problem.title}</h1>
        {heading ? (
          <p class="lead">
            <span class="reason">{sentence(problem.detail)}</span> {heading.says}
          </p>
        ) : (
          <ProblemNote problem={problem} />
        )}
        <p class="actions">
          {WAYS_ON.map(([path, label]) => (
            <a class={path === "/" ? "button primary" : "button"} href={url(context.links, path)}>
              {label}
            </a>
          ))}
        </p>
        {problem.instance && (
          <p class="fine">
            Request ID: <code>{problem.instance}</code>
          </p>
        )}
      </div>
    </Layout>
  );
}

/** The file's own text around an error. */
export function NearText({ text }: { text: string }) {
  return (
    <p>
      Found: <code class="near">{text}</code>
    </p>
  );
}

export function ProblemNote({ problem }: { problem: Problem }) {
  const { row, column, near } = problem;
  const { field, detail, fix } = forPeople(problem);
  return (
    <div class="note note-danger" data-field={field}>
      <p>
        <strong>{sentence(detail)}</strong>
        {row !== undefined && ` Row ${count(row)}.`}
        {row !== undefined && column !== undefined && !detail.includes(column) && ` Column ${column}.`}
      </p>{" "}
      {near !== undefined && <NearText text={near} />} {fix && <p>{sentence(fix)}</p>}
    </div>
  );
}
