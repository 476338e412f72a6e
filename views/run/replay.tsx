/**
 * Draws the replay of a run: its stages, curve and candidates at any moment, by a slider or by a link to that moment.
 */
import type { Replay } from "../../core/training/replay.ts";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { duration, percent, plural } from "../parts/format.ts";
import { Bar } from "../parts/parts.tsx";
import { replayPath, runPath } from "../parts/paths.ts";
import { RUN_WORDS } from "../parts/words.ts";
import { LeaderboardPanel } from "./leaderboard.tsx";
import { StagesPanel } from "./pipeline.tsx";
import { CurvePanel } from "./training.tsx";

const SPEEDS = [1, 2, 5, 10, 25, 100];

export interface ReplayPageProps {
  context: PageContext;
  replay: Replay;
  /** Playback speeds. */
  speed: number;
}

export function ReplayPage({ context, replay, speed }: ReplayPageProps) {
  const { links } = context;
  const { run } = replay;
  return (
    <Layout
      context={context}
      title={`Run ${run.number}, replayed`}
      panels={[]}
      current="runs"
      later={context.assets.replay}
    >
      <header class="page-head">
        <p class="crumbs">
          <a href={url(links, "/")}>Dashboard</a> /{" "}
          <a href={url(links, runPath(run))}>
            Run {run.number}: {run.target}
          </a>
        </p>
        <h1>Run {run.number}, replayed</h1>
        <p class="lead">
          From the run's own record: what was known at each moment, and nothing that came later.
        </p>
      </header>
      <ReplayControls links={links} replay={replay} speed={speed} />
      <ReplayMoment replay={replay} />
    </Layout>
  );
}

function ReplayControls({ links, replay, speed }: { links: Links; replay: Replay; speed: number }) {
  const { run, seconds, totalSeconds, marks } = replay;
  const address = url(links, replayPath(run));
  return (
    <section class="panel" aria-labelledby="replay-heading">
      <h2 id="replay-heading">Moment</h2>
      <form
        id="replay-form"
        class="form"
        method="get"
        action={address}
        hx-get={address}
        hx-trigger="replay:show"
        hx-sync="this:replace"
        hx-select="#replay-moment"
        hx-target="#replay-moment"
        hx-swap="outerMorph"
      >
        <div class="field field-wide">
          <label for="replay-at">Seconds since it started, of {duration(totalSeconds * 1000)}</label>
          <input
            id="replay-at"
            name="at"
            type="range"
            min="0"
            max={String(totalSeconds)}
            step="any"
            value={String(seconds)}
            aria-valuetext={duration(seconds * 1000)}
          />
        </div>
        <div class="field">
          <label for="replay-speed">Speed</label>
          <select id="replay-speed" name="speed">
            {SPEEDS.map((times) => (
              <option value={String(times)} {...(times === speed ? { selected: true } : {})}>
                {times === 1 ? "original speed" : `${times} times as fast`}
              </option>
            ))}
          </select>
        </div>
        <div class="actions">
          <button type="button" class="primary needs-js" data-replay-play aria-pressed="false">
            Play
          </button>
          <button type="submit">Show</button>
        </div>
      </form>
      <ul class="rows" aria-label="Jump to">
        {marks.map((mark) => (
          <li class="row">
            <a
              class="row-name"
              href={url(links, replayPath(run, mark.seconds))}
              data-replay-to={mark.seconds}
            >
              {mark.label}
            </a>
            <span class="row-when">{duration(mark.seconds * 1000)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Everything that changes with the moment; the slider requests only this. */
function ReplayMoment({ replay: { run, rounds, seconds } }: { replay: Replay }) {
  const words = `${percent(run.progress)} after ${duration(seconds * 1000)}`;
  return (
    <div id="replay-moment" class="run-page">
      <section class="panel" aria-labelledby="replay-run">
        <h2 id="replay-run">{run.stage ?? RUN_WORDS[run.status]}</h2>
        <Bar label={`Run ${run.number}`} value={run.progress} text={words} />
        {run.verdict && <p class="verdict">{run.verdict}</p>}
      </section>
      <section class="panel panel-stages" aria-labelledby="replay-stages">
        <h2 id="replay-stages">Eight stages</h2>
        <StagesPanel data={run} panelKey="rewound-stages" />
      </section>
      <div class="pair">
        <section class="panel panel-curve" aria-labelledby="replay-curve">
          <h2 id="replay-curve">Learning curve, {plural(rounds.length, "round")}</h2>
          <CurvePanel data={{ run, rounds }} panelKey="rewound-curve" />
        </section>
        <section class="panel panel-leaderboard" aria-labelledby="replay-candidates">
          <h2 id="replay-candidates">{plural(run.candidates.length, "candidate")}</h2>
          <LeaderboardPanel data={run} panelKey="rewound-leaderboard" />
        </section>
      </div>
    </div>
  );
}
