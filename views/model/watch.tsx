/** How does a model do since it was deployed? What came true, what it is asked now against then, and a challenger. */
import type { WatchView } from "../../core/routes/data/watch-view.ts";
import { Silhouette } from "../charts/silhouette.tsx";
import type { Links } from "../layout/frame.ts";
import { count, figure, plural } from "../parts/format.ts";
import { Action, Command, curlLine, LampDot } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { metricLabel } from "../parts/words.ts";
import { LiveStrip, LiveTable, TooFew } from "./live-figures.tsx";

interface Props {
  data: WatchView;
  links: Links;
}

/** So many silhouettes stand open; what has not moved is one press away. */
const SHOWN = 6;

export function WatchPanel({ data, links }: Props) {
  return (
    <>
      <p class="fine">
        {data.isLive ? "The live version" : "Not live"}: version {data.version} of {data.name}.
      </p>
      <Outcomes data={data} links={links} />
      <Drift data={data} />
      <Challenge data={data} links={links} />
    </>
  );
}

function Outcomes({ data: { live, log }, links }: Props) {
  const body = { actual: "…" };
  return (
    <div class="watch-part">
      <h3>On what came true</h3>
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
          Predictions are not kept (PREDICTION_LOG=off), so no outcome can be told for new ones.
        </p>
      ) : (
        <>
          <p class="fine">Each prediction has an id: tell under it what came true, one by one or as a CSV.</p>
          <Command
            label="tell an outcome with curl"
            code={`${curlLine(links, { method: "POST", path: "/api/predictions/ID/actual", body })}\n\n${curlLine(links, { method: "POST", path: "/api/predictions/actuals" })} \\\n  -H 'Content-Type: text/csv' --data-binary @actuals.csv`}
          />
        </>
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
        <h3>What it is asked</h3>
        <p class="facts">
          {count(predictions)} of {needed} predictions needed before rows of now can be held against those of
          the training.
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
      <h3>What it is asked</h3>
      <p class="facts">
        <LampDot lamp={loud.some(({ verdict }) => verdict === "major") ? "caution" : "clear"} />
        {loud.length
          ? `${loud.map(({ column }) => column).join(", ")}: not as in training.`
          : "As in training, as far as these rows can tell."}{" "}
        {plural(predictions, "prediction")} of the last {plural(days, "day")}; the filled shape is the
        training, the line is now.
      </p>
      <div class="silhouettes">{shown.slice(0, SHOWN).map(silhouette)}</div>
      {shown.length > SHOWN && (
        <details>
          <summary>{plural(shown.length - SHOWN, "further column")}</summary>
          <div class="silhouettes">{shown.slice(SHOWN).map((entry, i) => silhouette(entry, SHOWN + i))}</div>
        </details>
      )}
    </div>
  );
}

function silhouette(
  { column, sentence, bins, psi }: NonNullable<NonNullable<WatchView["drift"]>["answers"]>,
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
          Another version can be asked the same rows, unseen. That doubles the work of a prediction, after its
          answer has left.
        </p>
        {candidates.slice(0, 3).map((version) => (
          <Action
            links={links}
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
        Version {version} has answered {plural(answered, "row")} that version {liveVersion} was asked
        {skipped > 0 && `, and could not keep up with ${plural(skipped, "row")}`}.
        {msPerRow !== null && ` It costs ${figure(msPerRow)} ms a row, after the answer has left.`}
      </p>
      {figures.length > 0 && (
        <section class="scroll" tabindex={0} aria-label="Both versions on the same outcomes">
          <table class="live-figures">
            <thead>
              <tr>
                <th scope="col">Figure</th>
                <th scope="col">Version {liveVersion}, live</th>
                <th scope="col">Version {version}</th>
                <th scope="col">Gain</th>
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
          path={live}
          label="Make live"
          tone={verdict === "better" ? "primary" : "plain"}
          describes={`version ${version}, the challenger`}
          fields={[{ name: "version", value: String(version) }]}
          curl={curlLine(links, { method: "PUT", path: `/api${live}`, body: { version } })}
        />
        <Action
          links={links}
          path={path}
          label="End the challenge"
          fields={[{ name: "version", value: "" }]}
          curl={curlLine(links, { method: "PUT", path: `/api${path}`, body: { version: null } })}
        />
      </p>
    </div>
  );
}
