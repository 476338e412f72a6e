/** Draws figures over time: ranges, a model to choose, and charts with links that zoom in. All of it is in the address. */
import type { PanelKey } from "../../core/events/panel-names.ts";
import type { HistorySeries, HistoryView } from "../../core/routes/data/history-data.ts";
import { Figure, Legend, LineChart, type Series } from "../charts/chart.tsx";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { count, duration, figure, figures, plural, reading, utc } from "../parts/format.ts";
import { apiUrl, Command, Empty, Name } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";

export interface HistoryPageProps {
  context: PageContext;
  history: HistoryView<number>;
  /** Models to choose from. */
  models: string[];
  ranges: readonly string[];
  keptDays: number;
  now: string;
  /** Each chart's figures stand below it. */
  hasTables: boolean;
}

/** Parts of the range that a link zooms to. */
const ZOOM_PARTS = 12;
/** Below this a part is not worth a link: spans of a minute are the shortest. */
const SHORTEST_PART_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
const TWO_DAYS_MS = 2 * DAY_MS;

/** While the range ends now, the newest figures: with them the page gets its new points. */
export function livePanels({ history, now }: Pick<HistoryPageProps, "history" | "now">): PanelKey[] {
  if (!endsNow(history, now)) return [];
  return [history.model === null ? "history" : `history:${history.model}`];
}

function endsNow({ to, stepSeconds }: HistoryView<number>, now: string): boolean {
  return Date.parse(to) >= Date.parse(now) - stepSeconds * 1000;
}

export function HistoryPage(props: HistoryPageProps) {
  const { context, history, models, ranges, keptDays, hasTables } = props;
  const panels = livePanels(props);
  const { links } = context;
  const { model, series } = history;
  return (
    <Layout context={context} title={model === null ? "History" : `History of ${model}`} panels={panels}>
      <header class="page-head">
        {model !== null && (
          <p class="crumbs">
            <a href={url(links, modelPath(model))}>
              <bdi>{model}</bdi>
            </a>
          </p>
        )}
        <h1>{model === null ? "History of the machine" : <HistoryOf model={model} />}</h1>
        <p class="lead">
          Figures are stored for {keptDays} days. The older they are, the longer the time that each point
          covers.
        </p>
      </header>
      <Choices links={links} history={history} models={models} ranges={ranges} />
      {panels.map((panel) => context.panel(panel))}
      <Times {...props} />
      <div class="history-charts">
        {series.map((entry) => (
          <Chart entry={entry} history={history} hasTables={hasTables} />
        ))}
      </div>
      <Command
        label="as curl"
        code={`${links.curl} --fail-with-body '${apiUrl(links, `/api${address(history, {})}`)}'`}
      />
    </Layout>
  );
}

function HistoryOf({ model }: { model: string }) {
  return (
    <>
      History of <Name of={model} />
    </>
  );
}

/** The page's path with its state; `change` replaces some of it. */
function address(
  { range, from, to, model }: Pick<HistoryView<number>, "range" | "from" | "to" | "model">,
  change: { range?: string; from?: string; to?: string },
): string {
  const isMoved = change.from !== undefined || (range === null && change.range === undefined);
  const state: Record<string, string> = isMoved
    ? { from: change.from ?? from, to: change.to ?? to }
    : { range: change.range ?? range ?? "day" };
  return `/history?${new URLSearchParams({ ...state, ...(model === null ? {} : { model }) })}`;
}

function Choices({
  links,
  history,
  models,
  ranges,
}: Pick<HistoryPageProps, "history" | "models" | "ranges"> & { links: Links }) {
  const { range, from, to, model } = history;
  return (
    <div class="history-choices">
      <nav class="tabs" aria-label="Range">
        {ranges.map((name) => (
          <a
            href={url(links, address(history, { range: name }))}
            {...(name === range ? { "aria-current": "page" as const } : {})}
          >
            {name.charAt(0).toUpperCase() + name.slice(1)}
          </a>
        ))}
      </nav>
      <form method="get" action={url(links, "/history")}>
        {range === null ? (
          <>
            <input type="hidden" name="from" value={from} />
            <input type="hidden" name="to" value={to} />
          </>
        ) : (
          <input type="hidden" name="range" value={range} />
        )}
        <label>
          Figures of{" "}
          <select name="model">
            <option value="" selected={model === null}>
              the machine
            </option>
            {models.map((name) => (
              <option value={name} selected={name === model}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Show</button>
      </form>
    </div>
  );
}

/** What the charts cover, and the ways to move: earlier, later, out, and into a part. */
function Times({ context: { links }, history, now, hasTables }: HistoryPageProps) {
  const [from, to] = [Date.parse(history.from), Date.parse(history.to)];
  const length = to - from;
  const part = length / ZOOM_PARTS;
  const time = (at: number) => new Date(Math.round(at)).toISOString();
  const go = (begin: number, end: number) =>
    url(links, address(history, { from: time(begin), to: time(end) }));
  const isNow = endsNow(history, now);
  return (
    <section class="panel" aria-label="Time">
      <p class="facts">
        {utc(history.from)} to {utc(history.to)}. Each point covers {duration(history.stepSeconds * 1000)}.
        {history.deployments.map(({ version, at }) => (
          <>
            {" "}
            Version {version} was deployed on {utc(at)}.
          </>
        ))}
      </p>
      <p class="actions">
        <a href={go(from - length, from)}>Earlier</a>
        {!isNow && <a href={go(to, Math.min(to + length, Date.parse(now)))}>Later</a>}
        <a href={go(from - length / 2, Math.min(to + length / 2, Date.parse(now)))}>Zoom out</a>
      </p>
      <p class="fine">
        <a href={url(links, `${address(history, {})}${hasTables ? "" : "&table=1"}`)}>
          {hasTables ? "Hide the tables" : "Show the figures as tables, too"}
        </a>
      </p>
      {part >= SHORTEST_PART_MS && (
        <nav class="zoom" aria-label="Zoom in">
          {Array.from({ length: ZOOM_PARTS }, (_, index) => {
            const [begin, end] = [from + index * part, from + (index + 1) * part];
            return (
              <a href={go(begin, end)} aria-label={`Zoom in: ${utc(time(begin))} to ${utc(time(end))}`}>
                {tick(begin, length)}
              </a>
            );
          })}
        </nav>
      )}
    </section>
  );
}

/** A moment as short as the range allows: "14:30" within two days, else "2026-01-31". */
function tick(at: number, length: number): string {
  const iso = new Date(at).toISOString();
  return length <= TWO_DAYS_MS
    ? iso.slice(11, 16)
    : length <= 90 * DAY_MS
      ? iso.slice(5, 10)
      : iso.slice(0, 7);
}

function Chart(props: { entry: HistorySeries<number>; history: HistoryView<number>; hasTables: boolean }) {
  const { entry, history, hasTables } = props;
  const { name, label, unit, figure: kind, points } = entry;
  const id = `history-${name.replaceAll(/[^a-z0-9]+/gi, "-")}`;
  if (points.length === 0)
    return (
      <section class="panel" aria-label={label}>
        <h2>{label}</h2>
        <Empty>Nothing was recorded in this range.</Empty>
      </section>
    );
  const [from, to] = [Date.parse(history.from), Date.parse(history.to)];
  const at = ({ at: begin }: { at: number }) => Math.max(from, begin);
  const main: Series = {
    name: kind === "sum" ? label : "Mean",
    kind: "main",
    points: points.map((point) => [at(point), point.value] as const),
  };
  const highest: Series = {
    name: "Highest",
    kind: "faint",
    points: points.map((point) => [at(point), point.high] as const),
  };
  const series = kind === "sum" ? [main] : [main, highest];
  const top = Math.max(...series.flatMap((line) => line.points.map(([, value]) => value)));
  const bottom = Math.min(0, ...main.points.map(([, value]) => value));
  const sentence = sentenceOf(entry);
  const drawing = (
    <>
      <LineChart
        label={sentence}
        series={series}
        xLabel="UTC"
        yLabel={unit === "" ? label : `${label}, ${unit}`}
        xDomain={[from, to]}
        yDomain={unit === "%" ? [0, 100] : [bottom, top > bottom ? top : bottom + 1]}
        xFormat={(value) => tick(value, to - from)}
      />
      {series.length > 1 && <Legend series={series} />}
    </>
  );
  return (
    <section class="panel" aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>{label}</h2>
      {hasTables ? (
        <Figure
          id={id}
          sentence={sentence}
          columns={kind === "sum" ? ["From (UTC)", label] : ["From (UTC)", "Mean", "Lowest", "Highest"]}
          rows={rowsOf(entry)}
        >
          {drawing}
        </Figure>
      ) : (
        <figure class="figure">
          <figcaption>{sentence}</figcaption>
          {drawing}
        </figure>
      )}
    </section>
  );
}

function sentenceOf({ label, unit, figure: kind, points }: HistorySeries<number>): string {
  const withUnit = (value: number) => (unit === "" ? figure(value) : reading(value, unit));
  if (kind === "sum") {
    const total = points.reduce((sum, { value }) => sum + value, 0);
    return `${label}: ${count(Math.round(total))} in total, at most ${plural(Math.max(...points.map(({ value }) => value)), label.toLowerCase().replace(/s$/, ""))} in one point.`;
  }
  const measured = points.reduce((sum, point) => sum + point.count, 0);
  const mean = points.reduce((sum, point) => sum + point.value * point.count, 0) / Math.max(1, measured);
  return `${label}: ${withUnit(mean)} on average, ${withUnit(Math.max(...points.map(({ high }) => high)))} at most.`;
}

function rowsOf({ figure: kind, points }: HistorySeries<number>) {
  const headOf = (at: number) => utc(new Date(at).toISOString());
  if (kind === "sum") return points.map(({ at, value }) => ({ head: headOf(at), cells: [count(value)] }));
  const columns = (["value", "low", "high"] as const).map((name) =>
    figures(points.map((point) => point[name])),
  );
  return points.map(({ at }, row) => ({ head: headOf(at), cells: columns.map((column) => column[row]!) }));
}
