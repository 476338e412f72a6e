/**
 * Draws the leaderboard: candidates scored on the same folds as dots with their ranges; those stopped early separately.
 */

import type { LeaderboardEntry } from "../../core/training/results/leaderboard.ts";
import type { RunView } from "../../core/training/run-view.ts";
import { extent, Figure, RangeStrip } from "../charts/chart.tsx";
import { duration, figures, plural } from "../parts/format.ts";
import { Empty } from "../parts/parts.tsx";
import { isLowerBetter, kindMeaning, kindOf, metricLabel, metricMeaning } from "../parts/words.ts";

/** Candidates shown; the others are one click away. */
const SHOWN = 8;

export function LeaderboardPanel({ data: run, panelKey }: { data: RunView; panelKey: string }) {
  const { candidates } = run;
  if (!candidates.length) {
    return (
      <Empty>
        {run.finishedAt !== null
          ? "The run ended before a candidate was scored."
          : "Candidates appear here as each is scored."}
      </Empty>
    );
  }
  const metric = metricOf(run);
  const of = (group: LeaderboardEntry["group"]) => candidates.filter((entry) => entry.group === group);
  const compared = of("compared");
  const scale = scaleOf(run, compared.length ? compared : candidates);
  const stopped = of("stopped");
  return (
    <Figure
      id={`${panelKey}-figure`}
      sentence={leadSentence(run, metric)}
      columns={["Candidate", "Score", "Standard deviation", "Folds", "Time"]}
      rows={candidates.map((entry, k) => ({
        head: entry.name,
        cells: [
          ...[scale.scores[k]!, entry.foldScores.length > 1 ? scale.spreads[k]! : "–"],
          ...[String(entry.foldScores.length), duration(entry.durationMs)],
        ],
      }))}
    >
      <Rows entries={compared.slice(0, SHOWN)} scale={scale} run={run} />
      {compared.length > SHOWN && (
        <details id={`${panelKey}-more`}>
          <summary>{compared.length - SHOWN} more</summary>
          <Rows entries={compared.slice(SHOWN)} scale={scale} run={run} />
        </details>
      )}
      <Rows entries={of("baseline")} scale={scale} run={run} />
      {stopped.length > 0 && (
        <details id={`${panelKey}-stopped`} class="stopped">
          <summary>
            {run.finishedAt === null ? "On fewer folds so far" : "Stopped early"}: {stopped.length}
          </summary>
          <p class="fine">Scored on fewer folds, so not comparable with the candidates above.</p>
          <Rows entries={stopped} scale={scale} run={run} />
        </details>
      )}
      <Kinds names={candidates.map(({ name }) => name)} metric={metric} id={`${panelKey}-kinds`} />
    </Figure>
  );
}

interface Scale {
  domain: readonly [number, number];
  reference: number | null;
  scores: string[];
  spreads: string[];
}

/** The baseline is often so far off that the others would overlap: it is drawn only if it is near. */
function scaleOf({ candidates }: RunView, drawn: readonly LeaderboardEntry[]): Scale {
  const told = figures(candidates.flatMap(({ score, std }) => [score, std]));
  return {
    domain: extent(drawn.flatMap(({ score, std, foldScores }) => [score - std, score + std, ...foldScores])),
    reference: candidates.find(({ group }) => group === "baseline")?.score ?? null,
    scores: candidates.map((_, k) => told[2 * k]!),
    spreads: candidates.map((_, k) => told[2 * k + 1]!),
  };
}

function leadSentence(run: RunView, metric: string): string {
  const { candidates, best } = run;
  const first = candidates[0]!;
  const level = candidates.filter(({ isLevel }) => isLevel);
  const folds = first.foldScores.length;
  const basis =
    `${metricLabel(metric) || "The run's metric"} on ${plural(folds, "cross-validation fold")}; ` +
    `${isLowerBetter(metric) ? "lower" : "higher"} is better.`;
  if (first.group === "baseline") return basis;
  const leads = best ? "is best" : run.finishedAt === null ? "leads" : "was ahead";
  const [next] = level;
  if (!next || folds < 2) return `${first.name} ${leads}. ${basis}`;
  const others = level.length === 1 ? next.name : `${plural(level.length, "other candidate")}`;
  return `${first.name} is level with ${others}: the difference is within noise. ${basis}`;
}

function Rows({ entries, scale, run }: { entries: readonly LeaderboardEntry[]; scale: Scale; run: RunView }) {
  if (!entries.length) return null;
  return (
    <ol class="leaderboard">
      {entries.map((entry) => (
        <CandidateRow entry={entry} scale={scale} run={run} />
      ))}
    </ol>
  );
}

function CandidateRow({ entry, scale, run }: { entry: LeaderboardEntry; scale: Scale; run: RunView }) {
  const { name, score, std, foldScores } = entry;
  const at = run.candidates.indexOf(entry);
  const isFirst = at === 0 && entry.group === "compared";
  const isSpread = foldScores.length > 1;
  const words = `${name}: ${scale.scores[at]}${isSpread ? `, plus or minus ${scale.spreads[at]}` : ""}`;
  const [low, high] = scale.domain;
  const near = scale.reference !== null && scale.reference >= low && scale.reference <= high;
  return (
    <li class={isFirst ? "candidate candidate-best" : "candidate"}>
      <span class="candidate-name">
        <span class="candidate-label">{name}</span>
        {tagOf(entry, isFirst, run)}
      </span>
      {score >= low && score <= high ? (
        <RangeStrip
          label={words}
          domain={scale.domain}
          value={score}
          low={isSpread ? score - std : score}
          high={isSpread ? score + std : score}
          dots={foldScores}
          reference={near ? scale.reference : null}
        />
      ) : (
        <span class="strip fine">off this scale</span>
      )}
      <span class="candidate-score">
        {scale.scores[at]}
        {entry.group !== "baseline" && (
          <span class="fine"> {isSpread ? `± ${scale.spreads[at]}` : "1 fold"}</span>
        )}
      </span>
    </li>
  );
}

function tagOf({ group, isLevel, foldScores }: LeaderboardEntry, isFirst: boolean, { best }: RunView) {
  if (isFirst) return <span class="tag">{best ? "best" : "leads"}</span>;
  if (group === "baseline") return <span class="tag tag-quiet">baseline</span>;
  if (group === "stopped") return <span class="fine"> {plural(foldScores.length, "fold")}</span>;
  return isLevel && foldScores.length > 1 ? <span class="tag tag-quiet">level</span> : null;
}

/** The names before the dot, once each. */
function Kinds({ names, metric, id }: { names: readonly string[]; metric: string; id: string }) {
  const kinds = [...new Set(names.map(kindOf))].filter((kind) => kindMeaning(kind));
  return (
    <details id={id} class="kinds">
      <summary>What do these mean?</summary>
      <ul class="fine">
        {metricMeaning(metric) && (
          <li>
            <b>{metricLabel(metric)}</b>: {metricMeaning(metric)}
          </li>
        )}
        <li>
          <b>Dots and lines</b>: small dots are the folds, the large dot is their mean, the line one standard
          deviation to each side.
        </li>
        {kinds.map((kind) => (
          <li>
            <b>{kind}</b>: {kindMeaning(kind)}.
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Known from the first stage on; the run itself reports it only at its end. */
function metricOf(run: RunView): string {
  const told = run.stages[0]?.facts.metric;
  return run.metric ?? (typeof told === "string" ? told : "");
}
