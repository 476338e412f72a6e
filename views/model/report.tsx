/** Draws a version's report: what it is, how good, what it relies on, in words first. For printing, PDF and sharing. */

import { readEvaluation } from "../../core/training/results/evaluation-data.ts";
import { BarList } from "../charts/chart.tsx";
import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { figures, unbroken } from "../parts/format.ts";
import { apiUrl, CodeBlock, LampDot, Time, VerdictWords } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { metricInSentence } from "../parts/words.ts";
import type { ModelPageProps } from "./model.tsx";
import { interpretation } from "./results/interpretation.ts";
import { MetricTable } from "./results/metric-table.tsx";
import { deployDoubts, Tiles, testedVerdict, Warnings } from "./results/verdict.tsx";
import { Summary } from "./summary.tsx";

const SHOWN = 10;

export function ModelReportPage(props: ModelPageProps) {
  const { context, model, version, evaluation } = props;
  const { links } = context;
  const { result } = version;
  const data = readEvaluation(evaluation);
  const path = `${modelPath(model.name)}/report?version=${version.version}`;
  const importance = data.importance.slice(0, SHOWN);
  const written = figures(importance.map((entry) => entry.importance));
  return (
    <Layout
      context={context}
      title={`Report: ${model.name} version ${version.version}`}
      panels={[]}
      current="models"
    >
      <article class="report">
        <header class="page-head">
          <p class="crumbs">
            <a href={url(links, `${modelPath(model.name)}?version=${version.version}`)}>{model.name}</a>
          </p>
          <h1>
            <bdi>{model.name}</bdi> version {version.version}
          </h1>
          <p class="facts">
            Model report, trained <Time at={version.createdAt} />
          </p>
        </header>
        <ShareLink context={context} path={path} />
        <section class="panel" aria-labelledby="report-verdict">
          <h2 id="report-verdict">Result</h2>
          <p class="verdict model-verdict">
            <LampDot lamp={deployDoubts(version).length ? "caution" : "clear"} />
            <span>
              <VerdictWords of={testedVerdict(result)} />
            </span>
          </p>
          <Tiles version={version} />
        </section>
        <section class="panel" aria-labelledby="report-words">
          <h2 id="report-words">What this means</h2>
          {interpretation(version, data).map((sentence) => (
            <p>{unbroken(sentence)}</p>
          ))}
          <Warnings findings={result.findings ?? []} />
        </section>
        {importance.length > 0 && (
          <section class="panel" aria-labelledby="report-importance">
            <h2 id="report-importance">Feature importance</h2>
            <p class="fine">How much {metricInSentence(result.metric)} worsens when a column is shuffled.</p>
            <BarList
              id="report-importance-bars"
              bars={importance.map(({ column, importance: lost }, k) => ({
                name: column,
                value: lost,
                text: written[k]!,
              }))}
            />
          </section>
        )}
        <section class="panel" aria-labelledby="report-metrics">
          <h2 id="report-metrics">Test results</h2>
          <MetricTable
            metric={result.metric}
            metrics={result.metrics}
            intervals={result.intervals}
            baseline={result.baseline}
          />
        </section>
        <Summary links={links} version={version} />
      </article>
    </Layout>
  );
}

function ShareLink({ context: { links }, path }: { context: PageContext; path: string }) {
  return (
    <section class="share" aria-label="Share this report">
      <CodeBlock label="link to this report" code={apiUrl(links, path)} />
      <p class="fine">
        Anyone who can open this server can open this link. To save a PDF, print this page (Ctrl+P or ⌘P) and
        choose “Save as PDF”.
      </p>
    </section>
  );
}
