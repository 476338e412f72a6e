/** Draws the first visit: three sample datasets to try, and the steps of a training. */
import type { Sample } from "../../core/datasets/sample-files/index.ts";
import type { Links } from "../layout/page-context.ts";
import { count } from "../parts/format.ts";
import { Action, curlLine } from "../parts/parts.tsx";
import { STAGE_SENTENCES } from "../parts/words.ts";

/** On the dashboard while there are no files; the style sheet hides it later. */
export function Samples({ links, samples }: { links: Links; samples: readonly Sample[] }) {
  return (
    <section class="samples" aria-labelledby="samples-heading">
      <h2 id="samples-heading" class="samples-heading">
        No data yet? Try a sample.
      </h2>
      <p class="fine">Generated on this server; no real people. The training is real.</p>
      <ul class="sample-cards">
        {samples.map((sample) => (
          <SampleTicket links={links} sample={sample} />
        ))}
      </ul>
    </section>
  );
}

/** The eight stages of every training, in place of the samples. */
export function HowItWorks() {
  return (
    <section class="how-it-works" aria-labelledby="how-heading">
      <h2 id="how-heading" class="visually-hidden">
        How it works
      </h2>
      <ol class="how-steps">
        {Object.entries(STAGE_SENTENCES).map(([name, says]) => (
          <li>
            <b>{name}</b> {says}
          </li>
        ))}
      </ol>
    </section>
  );
}

function SampleTicket({ links, sample }: { links: Links; sample: Sample }) {
  const { name, title, says, target, rows } = sample;
  const path = `/samples/${name}`;
  return (
    <li class="sample-card">
      <p class="sample-size">
        <b>{count(rows)}</b> rows
      </p>
      <div class="sample-body">
        <h3>{title}</h3>
        <p>{says}</p>
        <p class="fine">
          Target column: <b>{target}</b>
        </p>
        <Action
          links={links}
          path={path}
          label="Open sample"
          describes={title}
          then="go"
          curl={curlLine(links, { method: "POST", path: `/api${path}` })}
        />
      </div>
    </li>
  );
}
