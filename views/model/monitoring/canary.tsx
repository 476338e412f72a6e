/** Draws a canary: the version that answers a share of the traffic, what it and the live one did, and how to end it. */
import type { MonitoringView } from "../../../core/routes/data/monitoring-view.ts";
import { type Links, url } from "../../layout/page-context.ts";
import { count, figure, percent } from "../../parts/format.ts";
import { Action, Command, curlLine, LampDot, Time } from "../../parts/parts.tsx";
import { modelPath } from "../../parts/paths.ts";

type CanaryView = NonNullable<MonitoringView["canary"]>;

interface Props {
  data: MonitoringView;
  links: Links;
}

export function Canary({ data, links }: Props) {
  const { name, canary, candidates } = data;
  if (!canary && (!data.isLive || !candidates.length)) return null;
  return (
    <div class="watch-part" id="canary">
      <h3>Canary</h3>
      {canary ? <LeaderboardEntry data={data} canary={canary} links={links} /> : <p class="fine">{SAYS}</p>}
      <ShareForm data={data} links={links} />
      <Command
        label="as curl"
        code={curlLine(links, {
          method: "PUT",
          path: `/api${modelPath(name)}/canary`,
          body: { version: canary?.version ?? candidates[0], share: canary?.share ?? 10 },
        })}
      />
    </div>
  );
}

const SAYS =
  "A canary is another version that answers a share of the requests. If it fails or is too slow, the live version answers everything again.";

function LeaderboardEntry({ data: { name }, canary, links }: Props & { canary: CanaryView }) {
  const { version, liveVersion, share, column, header, maxErrors, maxSlowdown, startedAt, versions } = canary;
  const path = `${modelPath(name)}/canary`;
  const live = `${modelPath(name)}/live`;
  const key = column ? ` The column ${column} decides.` : header ? ` The header ${header} decides.` : "";
  return (
    <>
      <p class="facts">
        <LampDot lamp={versions[0]!.errors > 0 ? "caution" : "clear"} />
        Version {version} answers {figure(share)} % of the requests since <Time at={startedAt} />.{key}
      </p>
      <section class="scroll" tabindex={0} aria-label="Both versions since the canary began">
        <table class="live-figures">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Requests</th>
              <th scope="col">Predictions</th>
              <th scope="col">Failed</th>
              <th scope="col">Time per request</th>
            </tr>
          </thead>
          <tbody>
            {versions.map(({ version: of, requests, predictions, errors, msPerRequest }) => (
              <tr>
                <th scope="row">
                  {of}
                  {of === liveVersion ? ", live" : ", canary"}
                </th>
                <td>{count(requests)}</td>
                <td>{count(predictions)}</td>
                <td>{errors > 0 ? `${count(errors)} (${percent(errors / requests)})` : "0"}</td>
                <td>{msPerRequest === null ? "–" : `${figure(msPerRequest)} ms`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="fine">
        It ends when more than {figure(maxErrors)} % of its requests fail, or when it takes more than{" "}
        {figure(maxSlowdown)} times as long as version {liveVersion}.
      </p>
      <p class="actions">
        <Action
          links={links}
          needs="deploy"
          path={live}
          label={`Deploy version ${version}`}
          describes="the canary"
          fields={[{ name: "version", value: String(version) }]}
          curl={null}
        />
        <Action
          links={links}
          needs="deploy"
          path={path}
          label="End canary"
          fields={[{ name: "version", value: "" }]}
          curl={curlLine(links, { method: "DELETE", path: `/api${path}` })}
        />
      </p>
    </>
  );
}

/** Starts a canary, or changes the current one. */
function ShareForm({ data: { name, canary, candidates }, links }: Props) {
  const target = url(links, `${modelPath(name)}/canary`);
  const key = canary?.column ? "column" : canary?.header ? "header" : null;
  return (
    <form
      class="canary-form"
      method="post"
      action={target}
      hx-post={target}
      hx-swap="none"
      data-needs="deploy"
    >
      <label>
        Version{" "}
        <select name="version">
          {candidates.map((version) => (
            <option value={String(version)} selected={version === canary?.version}>
              {version}
            </option>
          ))}
        </select>
      </label>
      <label>
        Share (%){" "}
        <input
          type="number"
          name="share"
          min="1"
          max="100"
          step="any"
          value={String(canary?.share ?? 10)}
          required
        />
      </label>
      <label>
        Same version for each value of the column <span class="hint">optional</span>{" "}
        <input type="text" name="column" value={key === "column" ? canary!.column! : ""} maxlength={200} />
      </label>
      <label>
        or of the header <span class="hint">optional</span>{" "}
        <input type="text" name="header" value={key === "header" ? canary!.header! : ""} maxlength={200} />
      </label>
      <label>
        Failed requests, at most (%){" "}
        <input
          type="number"
          name="maxErrors"
          min="0"
          max="100"
          step="any"
          value={String(canary?.maxErrors ?? 5)}
        />
      </label>
      <label>
        Times as slow, at most{" "}
        <input
          type="number"
          name="maxSlowdown"
          min="1"
          max="1000"
          step="any"
          value={String(canary?.maxSlowdown ?? 3)}
        />
      </label>
      <label class="check">
        <input type="checkbox" name="confirm" value="1" /> Start even if the version has serious warnings
      </label>
      <button type="submit">{canary ? "Change canary" : "Start canary"}</button>
    </form>
  );
}
