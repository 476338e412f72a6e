/** Draws a model's panel: which version is live, its score, its traffic, and the buttons. */

import type { PanelKey } from "../../core/events/panel-names.ts";
import type { ModelView } from "../../core/routes/data/panel-data.ts";
import { Sparkline } from "../charts/small.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { count, figure, plural, unbroken } from "../parts/format.ts";
import { Action, curlLine, LampDot, Time, VerdictWords } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { CompareForm, Pick } from "../parts/pick.tsx";
import { metricLabel, metricMeaning } from "../parts/words.ts";
import { LiveStrip } from "./monitoring/live-metrics.tsx";
import { deployDoubts } from "./results/verdict.tsx";

type Version = ModelView["versions"][number];

/** Versions that the dashboard lists, besides the live one; the model's own page lists all. */
const NEWEST = 3;

export function ModelPanel(props: { data: ModelView; links: Links; panelKey: PanelKey }) {
  const { data: model, links, panelKey } = props;
  const live = model.versions.find(({ isLive }) => isLive);
  const shown = live ?? model.versions[0];
  const listed = model.versions.filter(
    ({ isLive }, place) => isLive || place < NEWEST || panelKey !== "model",
  );
  return (
    <>
      <p class="run-status">
        <LampDot lamp={live ? "clear" : "dark"} />
        <a class="plate" href={url(links, modelPath(model.name))}>
          {model.name}
        </a>
        <strong>{live ? `Version ${live.version} is live` : "No version is live"}</strong>
      </p>
      {shown && (
        <>
          <p class="verdict">
            <VerdictWords of={shown.result.verdict} />
          </p>
          <MetricSays metric={shown.result.metric} />
        </>
      )}
      {!live && <p class="facts">The live version serves predictions. Deploy one to start.</p>}
      {live && <LiveStrip live={live.live} />}
      <PredictionLog predictions={model.predictions} />
      <ul class="rows versions">
        {listed.map((version) => (
          <VersionRow version={version} model={model} links={links} />
        ))}
      </ul>
      {listed.length > 1 && <CompareForm form={pickForm(model)} links={links} label="versions" />}
      {listed.length < model.versions.length && (
        <p class="more">
          <a href={url(links, modelPath(model.name))}>All {count(model.versions.length)} versions</a>
        </p>
      )}
      {live && (
        <p class="actions">
          <a class="button primary" href={url(links, `${modelPath(model.name)}#try`)}>
            Try it
          </a>
        </p>
      )}
    </>
  );
}

/** What the verdict's figure means, for new users. */
function MetricSays({ metric }: { metric: string }) {
  return (
    <p class="fine verdict-says">
      {metricLabel(metric)}: {metricMeaning(metric)} In brackets: its 95 % interval.
    </p>
  );
}

function PredictionLog({ predictions }: { predictions: ModelView["predictions"] }) {
  const { total, perMinute } = predictions;
  const isBusy = perMinute.some((entry) => entry.predictions > 0);
  return (
    <div class="traffic">
      <p class="facts">{total > 0 ? `${plural(total, "prediction")} so far` : "No predictions yet."}</p>
      {isBusy && (
        <Sparkline
          values={perMinute.map((entry) => entry.predictions)}
          label="Predictions per minute over the last hour"
        />
      )}
    </div>
  );
}

const pickForm = ({ name }: ModelView) => `pick-versions-${name}`;

function VersionRow({ version, model, links }: { version: Version; model: ModelView; links: Links }) {
  const { metric, metrics, best } = version.result;
  const isOlder = model.liveVersion !== null && version.version < model.liveVersion;
  return (
    <li class="row" id={`version-${model.name}-${version.version}`}>
      <LampDot lamp={version.isLive ? "clear" : "dark"} />
      <span class="row-name">
        {model.versions.length > 1 && (
          <Pick
            form={pickForm(model)}
            value={`${model.name}:${version.version}`}
            label={`version ${version.version}`}
          />
        )}
        <a href={url(links, `${modelPath(model.name)}?version=${version.version}`)}>
          Version {version.version}
          {version.isLive && <span class="tag">live</span>}
        </a>
      </span>
      <span class="row-facts">
        {metricLabel(metric)} {figure(metrics[metric] ?? Number.NaN)} on the test set; {best}
      </span>
      <span class="row-when">
        <Time at={version.createdAt} />
      </span>
      {version.isLive ? (
        <TakeOffline model={model} links={links} />
      ) : (
        <Deploy version={version} model={model} links={links} isOlder={isOlder} />
      )}
    </li>
  );
}

/** As prominent as the model is good: if there are warnings, the button names them and asks for confirmation. */
function Deploy(props: { version: Version; model: ModelView; links: Links; isOlder: boolean }) {
  const { version, model, links, isOlder } = props;
  const path = `${modelPath(model.name)}/live`;
  const doubts = deployDoubts(version);
  const verb = isOlder ? "Roll back to" : "Deploy";
  const action = (label: string, tone: "plain" | "primary" | "danger") => (
    <Action
      links={links}
      needs="deploy"
      path={path}
      label={label}
      tone={tone}
      describes={model.name}
      fields={[
        { name: "version", value: String(version.version) },
        ...(doubts.length > 0 ? [{ name: "confirm", value: "1" }] : []),
      ]}
      curl={curlLine(links, {
        method: "PUT",
        path: `/api${path}`,
        body: { version: version.version, ...(doubts.length > 0 && { confirm: true }) },
      })}
    />
  );
  if (!doubts.length) return action(`${verb} version ${version.version}`, isOlder ? "plain" : "primary");
  const why = version.result.beatsBaseline ? "has serious warnings" : "does not beat the baseline";
  return (
    <details class="action doubtful" id={`deploy-${version.version}`} data-needs="deploy">
      <summary class="button">
        {verb} version {version.version}: {why}
      </summary>
      <div class="note note-caution">
        <ul>
          {doubts.map((doubt) => (
            <li>{unbroken(doubt)}</li>
          ))}
        </ul>
        {action(`${verb} version ${version.version} anyway`, "danger")}
      </div>
    </details>
  );
}

function TakeOffline({ model, links }: { model: ModelView; links: Links }) {
  const path = `${modelPath(model.name)}/offline`;
  return (
    <details class="action offline-choice" id="offline" data-needs="deploy">
      <summary>Take offline</summary>
      <p class="fine">Requests that name no version are refused until you deploy one again.</p>
      <Action
        links={links}
        needs="deploy"
        path={path}
        label="Take offline"
        tone="danger"
        describes={model.name}
        curl={curlLine(links, { method: "DELETE", path: `/api${modelPath(model.name)}/live` })}
      />
    </details>
  );
}
