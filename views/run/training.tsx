/** How does the race go? The curve of the candidate in training, and the candidates as dots with their ranges. */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { Candidate } from "../../core/trainer/contract.ts";
import type { RunView } from "../../core/training/run-view.ts";
import { extent, Figure, Legend, LineChart, RangeStrip, type Series } from "../charts/chart.tsx";
import type { ChartDrawing } from "../charts/chart-svg.tsx";
import { duration, figure, plural } from "../parts/format.ts";
import { Empty } from "../parts/parts.tsx";
import { isLowerBetter, kindOf, kindSays, metricLabel, metricSays } from "../parts/words.ts";

/** Candidates in view; the others are one click away. */
const SHOWN = 8;

/** Enough for any screen; the curve is drawn up to ten times a second. */
const MOST_POINTS = 250;
const MOST_ROWS = 40;

export function CurvePanel({ data, panelKey }: { data: NonNullable<PanelData["curve"]>; panelKey: string }) {
  const { rounds } = data;
  const drawing = curveDrawing(rounds);
  if (!drawing) return <Empty>No round was trained so far: the curve begins with the first.</Empty>;
  const { sentence, series, xLabel, yLabel } = drawing;
  return (
    <Figure
      id={`${panelKey}-figure`}
      sentence={sentence}
      columns={["Round", "Learns from", "Not seen", "Guessing"]}
      rows={spread(rounds, MOST_ROWS).map((r) => ({
        head: String(r.round),
        cells: [r.train, r.valid, r.baseline],
      }))}
    >
      <LineChart label={sentence} series={series} xLabel={xLabel} yLabel={yLabel} />
      <Legend series={series} />
    </Figure>
  );
}

/** Null: there is no round yet. */
export function curveDrawing(rounds: NonNullable<PanelData["curve"]>["rounds"]): ChartDrawing | null {
  const last = rounds.at(-1);
  if (!last) return null;
  const label = metricLabel(last.metric);
  const direction = isLowerBetter(last.metric) ? "lower is better" : "higher is better";
  const sentence =
    `${last.candidate}, round ${last.round}: ${label} is ${figure(last.valid)} on rows it has not seen and ` +
    `${figure(last.train)} on those it learns from; just guessing gets ${figure(last.baseline)} (${direction}).`;
  const drawn = spread(rounds, MOST_POINTS);
  const guessing = [rounds[0]!.round, last.round].map((round) => [round, last.baseline] as const);
  const series: Series[] = [
    { name: "Rows it learns from", kind: "second", points: drawn.map((r) => [r.round, r.train] as const) },
    { name: "Rows it has not seen", kind: "main", points: drawn.map((r) => [r.round, r.valid] as const) },
    { name: "Just guessing", kind: "reference", points: guessing },
  ];
  return { sentence, series, xLabel: "round", yLabel: label };
}

/** At most `most` of them, evenly spread, the first and the last among them. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => items[Math.round(index * step)]!);
}

export function LeaderboardPanel({ data: run, panelKey }: { data: RunView; panelKey: string }) {
  if (!run.candidates.length) {
    const isOver = run.finishedAt !== null;
    return (
      <Empty>
        {isOver
          ? "The run ended before a candidate was scored."
          : "Candidates appear here as each is scored."}
      </Empty>
    );
  }
  const metric = metricOf(run);
  const ranked = rank(run, metric);
  const baseline = run.candidates.find(({ family }) => family === "baseline");
  // Guessing is often so far off that the others would fall on one spot: it is drawn only where it is near.
  const racing = run.candidates.filter(({ family }) => family !== "baseline");
  const drawn = racing.length > 0 ? racing : run.candidates;
  const domain = extent(
    drawn.flatMap(({ score, std, foldScores }) => [score - std, score + std, ...foldScores]),
  );
  const best = ranked[0]!.name;
  const folds = Math.max(...drawn.map(({ foldScores }) => foldScores.length));
  const ended = run.best ? "won" : run.finishedAt === null ? "leads" : "was ahead";
  const sentence =
    `${plural(run.candidates.length, "candidate")}; ${best} ${ended}. Score: ${metricLabel(metric) || "the run's metric"}` +
    ` (${isLowerBetter(metric) ? "lower" : "higher"} is better). Small dots: each of ${plural(folds, "fold")}, parts ` +
    "of the rows that are left out in turn; large dot and line: their mean and spread.";
  const row = (candidate: Candidate) => (
    <CandidateRow
      candidate={candidate}
      domain={domain}
      reference={baseline?.score ?? null}
      isBest={candidate.name === best}
      tag={run.best ? "best" : ended}
      folds={folds}
    />
  );
  return (
    <Figure
      id={`${panelKey}-figure`}
      sentence={sentence}
      columns={["Candidate", "Score", "Spread", "Time"]}
      rows={ranked.map((c) => ({ head: c.name, cells: [c.score, c.std, duration(c.durationMs)] }))}
    >
      <ol class="leaderboard">{ranked.slice(0, SHOWN).map(row)}</ol>
      {ranked.length > SHOWN && (
        <details id={`${panelKey}-more`}>
          <summary>{ranked.length - SHOWN} more</summary>
          <ol class="leaderboard">{ranked.slice(SHOWN).map(row)}</ol>
        </details>
      )}
      <p class="fine">{metricSays(metric)}</p>
      <Kinds names={ranked.map(({ name }) => name)} id={`${panelKey}-kinds`} />
    </Figure>
  );
}

/** What stands before the dot of a name, once each. */
function Kinds({ names, id }: { names: readonly string[]; id: string }) {
  const kinds = [...new Set(names.map(kindOf))].filter((kind) => kindSays(kind));
  return (
    <details id={id} class="kinds">
      <summary>What are these?</summary>
      <ul class="fine">
        {kinds.map((kind) => (
          <li>
            <b>{kind}</b>: {kindSays(kind)}.
          </li>
        ))}
        <li>What stands after the dot says how it is set: in full on the run's page.</li>
      </ul>
    </details>
  );
}

/** Known from the first stage on; the run itself says it only at its end. */
function metricOf(run: RunView): string {
  const told = run.stages[0]?.facts.metric;
  return run.metric ?? (typeof told === "string" ? told : "");
}

/** The winner first, guessing last; one that was given up early cannot stand above one that went the whole way. */
function rank(run: RunView, metric: string): Candidate[] {
  const sign = isLowerBetter(metric) ? 1 : -1;
  const raced = run.candidates.filter(({ family }) => family !== "baseline");
  const whole = Math.max(0, ...raced.map(({ foldScores }) => foldScores.length));
  const place = ({ name, family, foldScores }: Candidate) => {
    if (name === run.best) return 0;
    if (family === "baseline") return 3;
    return foldScores.length === whole ? 1 : 2;
  };
  return [...run.candidates].sort((a, b) => place(a) - place(b) || sign * (a.score - b.score));
}

function CandidateRow(props: {
  candidate: Candidate;
  domain: readonly [number, number];
  reference: number | null;
  isBest: boolean;
  /** What the first of them is called. */
  tag: string;
  /** How many folds the longest in the race was scored on. */
  folds: number;
}) {
  const { candidate, domain, reference, isBest, tag, folds } = props;
  const { name, score, std, foldScores } = candidate;
  const words = `${name}: ${figure(score)}, give or take ${figure(std)}`;
  const [low, high] = domain;
  const isOnScale = score >= low && score <= high;
  return (
    <li class={isBest ? "candidate candidate-best" : "candidate"}>
      <span class="candidate-name">
        {name}
        {isBest && <span class="tag">{tag}</span>}
        {foldScores.length < folds && (
          <span class="fine">
            {" "}
            on {foldScores.length} of {folds} folds
          </span>
        )}
      </span>
      {isOnScale ? (
        <RangeStrip
          label={words}
          domain={domain}
          value={score}
          low={score - std}
          high={score + std}
          dots={foldScores}
          reference={reference !== null && reference >= low && reference <= high ? reference : null}
        />
      ) : (
        <span class="strip fine">off this scale</span>
      )}
      <span class="candidate-score">
        {figure(score)} <span class="fine">± {figure(std)}</span>
      </span>
    </li>
  );
}
