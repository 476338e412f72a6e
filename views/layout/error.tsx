/** What went wrong, where, and the way on? Any problem as a page; it shows no more than the API would say. */
import type { Problem } from "../../core/http/problem.ts";
import { count } from "../parts/format.ts";
import { LampDot } from "../parts/parts.tsx";
import { type Frame, url } from "./frame.ts";
import { Layout } from "./layout.tsx";

export function ErrorPage({ frame, problem }: { frame: Frame; problem: Problem }) {
  return (
    <Layout frame={frame} title={problem.title} panels={[]}>
      <header class="page-head">
        <p class="run-status">
          <LampDot lamp="danger" />
          <span class="plate">{problem.status}</span>
        </p>
        <h1>{problem.title}</h1>
      </header>
      <ProblemNote problem={problem} />
      <p class="actions">
        <a class="button primary" href={url(frame.links, "/")}>
          To the dashboard
        </a>
        <a class="button" href={url(frame.links, "/docs")}>
          To the API
        </a>
      </p>
      {problem.instance && (
        <p class="fine">
          The log knows this as <code>{problem.instance}</code>.
        </p>
      )}
    </Layout>
  );
}

/** The file's own text around a fault. */
export function NearText({ text }: { text: string }) {
  return (
    <p>
      It stands there: <code class="near">{text}</code>
    </p>
  );
}

export function ProblemNote({ problem }: { problem: Problem }) {
  const { detail, row, column, near, fix, example } = problem;
  return (
    <div class="note note-danger">
      <p>
        <strong>{detail}</strong>
        {row !== undefined && ` Row ${count(row)} of the file.`}
        {column !== undefined && ` Column ${column}.`}
      </p>
      {near !== undefined && <NearText text={near} />}
      {fix && <p>{fix}</p>}
      {example && <pre>{example}</pre>}
    </div>
  );
}
