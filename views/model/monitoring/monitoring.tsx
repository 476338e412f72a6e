/** Draws a deployed model's monitoring: live accuracy, incoming data compared with training data, and a challenger. */
import type { MonitoringView } from "../../../core/routes/data/monitoring-view.ts";
import { Silhouette } from "../../charts/silhouette.tsx";
import { type Links, url } from "../../layout/page-context.ts";
import { count, figure, plural } from "../../parts/format.ts";
import { Action, curlLine, LampDot } from "../../parts/parts.tsx";
import { modelPath } from "../../parts/paths.ts";
import { metricLabel } from "../../parts/words.ts";
import { Canary } from "./canary.tsx";
import { LiveStrip, LiveTable, TooFew } from "./live-metrics.tsx";
import { OutcomeForms } from "./outcomes.tsx";

interface Props {
  data: MonitoringView;
  links: Links;
}

/** Number of charts that are open; columns without drift are one click away. */
const SHOWN = 6;

export function MonitoringPanel({ data, links }: Props) {
  return (
    <>
      <p class="fine">
        {data.isLive ? "Live" : "Not live"}: version {data.version} of {data.name}.{" "}
        <a href={url(links, `/history?range=week&model=${encodeURIComponent(data.name)}`)}>
          History of its figures
        </a>
      </p>
      <Outcomes data={data} links={links} />
      <Drift data={data} />
      <Challenge data={data} links={links} />
      <Canary data={data} links={links} />
    </>
  );
}

function Outcomes({ data: { name, live, log }, links }: Props) {
  return (
    <div class="watch-part">
      <h3>Live accuracy</h3>
      {live.figures.length ? (
        <>
          <LiveStrip live={live} />
          <LiveTable live={live} />
        </>
      ) : (
        <TooFew live={live} />
      )}
      {log === "off" ? (
        <p class="fine">
          Predictions are not stored, so outcomes cannot be reported. Settings, under Data retention, change
          that.
        </p>
      ) : (
        <OutcomeForms name={name} links={links} />
      )}
    </div>
  );
}

function Drift({ data: { drift } }: Pick<Props, "data">) {
  if (!drift) return null;
  const { predictions, needed, days, columns, answers } = drift;
  if (!answers) {
    return (
      <div class="watch-part">
        <h3>Incoming data</h3>
        <p class="facts">
          {count(predictions)} of {needed} predictions needed to compare incoming data with the training data.
        </p>
      </div>
    );
  }
  const isQuiet = (entry: (typeof columns)[number]) =>
    entry.verdict === "none" && !entry.missing.isMore && !entry.unseen.isMore;
  const all = [answers, ...columns];
  const loud = all.filter((entry) => !isQuiet(entry));
  const shown = [...loud, ...all.filter(isQuiet)];
  return (
    <div class="watch-part">
      <h3>Incoming data</h3>
      <p class="facts">
        <LampDot lamp={loud.some(({ verdict }) => verdict === "major") ? "caution" : "clear"} />
        {loud.length
          ? `${loud.map(({ column }) => column).join(", ")}: differs from the training data.`
          : "No drift from the training data detected."}{" "}
        {plural(predictions, "prediction")} of the last {plural(days, "day")}; the filled shape is the
        training data, the line is now.
      </p>
      <div class="silhouettes">{shown.slice(0, SHOWN).map(silhouette)}</div>
      {shown.length > SHOWN && (
        <details>
          <summary>{plural(shown.length - SHOWN, "more column")}</summary>
          <div class="silhouettes">{shown.slice(SHOWN).map((entry, i) => silhouette(entry, SHOWN + i))}</div>
        </details>
      )}
    </div>
  );
}

function silhouette(
  { column, sentence, bins, psi }: NonNullable<NonNullable<MonitoringView["drift"]>["answers"]>,
  index: number,
) {
  const stability = psi === null ? "" : ` Stability index ${figure(psi)}.`;
  return (
    <Silhouette id={`silhouette-${index}`} sentence={`${column}: ${sentence}${stability}`} bins={bins} />
  );
}

function Challenge({ data, links }: Props) {
  const { name, challenge, candidates } = data;
  const path = `${modelPath(name)}/challenger`;
  if (!challenge) {
    if (!data.isLive || !candidates.length) return null;
    return (
      <div class="watch-part">
        <h3>Challenger</h3>
        <p class="fine">
          Another version can predict the same rows in the background, for comparison. This doubles the work
          per prediction, after the response is sent.
        </p>
        {candidates.slice(0, 3).map((version) => (
          <Action
            links={links}
            needs="deploy"
            path={path}
            label={`Challenge with version ${version}`}
            fields={[{ name: "version", value: String(version) }]}
            curl={curlLine(links, { method: "PUT", path: `/api${path}`, body: { version } })}
          />
        ))}
      </div>
    );
  }
  const { version, liveVersion, answered, skipped, figures, verdict, sentence, msPerRow } = challenge;
  const live = `${modelPath(name)}/live`;
  return (
    <div class="watch-part">
      <h3>Challenger</h3>
      <p class="facts">
        <LampDot lamp={verdict === "better" ? "caution" : "dark"} />
        {sentence}
      </p>
      <p class="fine">
        Version {version} has predicted {plural(answered, "row")} of those that version {liveVersion}{" "}
        predicted
        {skipped > 0 && `, and skipped ${plural(skipped, "row")} because it fell behind`}.
        {msPerRow !== null && ` It takes ${figure(msPerRow)} ms per row, after the response is sent.`}
      </p>
      {figures.length > 0 && (
        <section class="scroll" tabindex={0} aria-label="Both versions on the same outcomes">
          <table class="live-figures">
            <thead>
              <tr>
                <th scope="col">Metric</th>
                <th scope="col">Version {liveVersion}, live</th>
                <th scope="col">Version {version}</th>
                <th scope="col">Gain (95 % interval)</th>
              </tr>
            </thead>
            <tbody>
              {figures.map((entry) => (
                <tr>
                  <th scope="row">{metricLabel(entry.metric)}</th>
                  <td>{figure(entry.live)}</td>
                  <td>{figure(entry.challenger)}</td>
                  <td>
                    {figure(entry.gain[0])} to {figure(entry.gain[1])}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p class="actions">
        <Action
          links={links}
          needs="deploy"
          path={live}
          label={`Deploy version ${version}`}
          tone={verdict === "better" ? "primary" : "plain"}
          describes="the challenger"
          fields={[{ name: "version", value: String(version) }]}
          curl={curlLine(links, { method: "PUT", path: `/api${live}`, body: { version } })}
        />
        <Action
          links={links}
          needs="deploy"
          path={path}
          label="End comparison"
          fields={[{ name: "version", value: "" }]}
          curl={curlLine(links, { method: "PUT", path: `/api${path}`, body: { version: null } })}
        />
      </p>
    </div>
  );
}
