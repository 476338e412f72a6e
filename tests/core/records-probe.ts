/**
 * Starts a server whose records have one more entry each, planted into the source as it is loaded, and prints as JSON where
 * each entry was found. Run by records.slow.test.ts in a process of its own.
 */
import { plugin } from "bun";

/** File, the line that the entry comes after, and the entry, as CONTRIBUTING.md describes it. */
const PLANTED = [
  {
    file: /core\/trainer\/metrics\/index\.ts$/,
    after: "export const METRICS = {",
    entry:
      'planted_metric: { label: "Planted metric", tasks: ["regression"], better: "less", measure: () => 7, says: "Says planted." },',
  },
  {
    file: /core\/trainer\/contract\.ts$/,
    after: '{ name: "Finalizing", says: "Save the model.", afterSelection: 0.01 },',
    entry: '{ name: "Planted stage", says: "Does planted work.", afterSelection: 0.5 },',
  },
  {
    file: /core\/training\/stages\/index\.ts$/,
    after: "Finalizing: finalizeRun,",
    entry: '"Planted stage": { ...finalizeRun, name: "Planted stage" },',
  },
  {
    file: /core\/operations\/gauges\.ts$/,
    after: "export const GAUGES = {",
    entry:
      'planted: { label: "Planted gauge", unit: "%", thresholds: [3, 4], says: "planted percent", read: () => 1, risk: () => "Planted risk." },',
  },
  {
    file: /core\/events\/events\.ts$/,
    after: "export const EVENTS = {",
    entry:
      '"planted.happened": event({ data: () => z.object({ who: z.string() }), level: "info", sentence: (d) => `${d.who} happened`, stale: () => ["activity"] }),',
  },
  {
    file: /core\/events\/alert-records\.ts$/,
    after: "export const ALERTS = {",
    entry:
      '"planted-alert": { says: "Planted alert text.", subject: "model", action: "Open planted", path: () => "/planted", endsWithLive: true },',
  },
  {
    file: /core\/operations\/config\.ts$/,
    after: "export const SETTINGS = {",
    entry:
      'PLANTED_SETTING: changeable("retention", number(1, 9), "5", "days that planted things are kept"),',
  },
] as const;

plugin({
  name: "plant",
  setup(build) {
    for (const { file, after, entry } of PLANTED) {
      build.onLoad({ filter: file }, async ({ path }) => {
        const source = await Bun.file(path).text();
        if (source.split(after).length !== 2) throw new Error(`${path} does not hold once: ${after}`);
        return { contents: source.replace(after, `${after}\n${entry}`), loader: "ts" };
      });
    }
  },
});

const { openHarness } = await import("../harness/app.ts");
const { METRICS, measureAll } = await import("../../core/trainer/metrics/index.ts");
const { STAGES } = await import("../../core/training/stages/index.ts");
const { TimePlan } = await import("../../core/training/stages/work/time-plan.ts");
const { LIVE_ALERTS } = await import("../../core/events/alert-records.ts");
const { settingsHelp } = await import("../../core/operations/config.ts");
const { isLowerBetter, metricMeaning } = await import("../../views/parts/words.ts");

const server = await openHarness();
const textOf = async (path: string, accept: string) =>
  (await server.ask(path, { headers: { accept } })).text();
const page = (path: string) => textOf(path, "text/html");
const { id } = (await (await server.upload("p.csv", numbersCsv())).json()) as { id: string };
await server.signalbox.health.sample();
await server.signalbox.log.append("planted.happened" as never, { who: "Planted person" } as never);
await server.signalbox.alerts.raise({
  ...{ code: "planted-alert" as never, subject: "m", severity: "warning", sentence: "Planted sentence." },
  action: { label: "Open planted", method: "get", path: "/planted" },
});

const openapi = await (await server.ask("/openapi.json")).text();
const [home, dataset, settings, docs] = await Promise.all(
  ["/", `/datasets/${id}`, "/settings", "/docs"].map(page),
);
const changed = await server.send("PATCH", "/api/settings", { PLANTED_SETTING: 8, HEALTH_PLANTED: "5,6" });
const trained = await server.send("POST", "/api/train", {
  datasetId: id,
  target: "y",
  metric: "planted_metric",
});
const time = new TimePlan({ elapsedMs: () => 0, endMs: () => Number.POSITIVE_INFINITY });
time.raceEndsAt(100);

const found = {
  metric: {
    form: dataset!.includes("Planted metric"),
    meaning: metricMeaning("planted_metric") === "Says planted.",
    direction: isLowerBetter("planted_metric"),
    request: trained.status < 300,
    measured:
      measureAll({
        ...{ task: "regression", classes: 0, probabilities: null, weights: null },
        ...{ truth: Float64Array.of(1, 2), values: Float64Array.of(1, 2) },
      }).planted_metric === 7,
    recorded: Object.keys(METRICS).includes("planted_metric"),
  },
  stage: {
    work: STAGES.at(-1)!.name === ("Planted stage" as string),
    progress: time.leftMs()! >= 150,
    run: (
      await (await server.ask(`/api/runs/${((await trained.json()) as { id: string }).id}`)).text()
    ).includes("Planted stage"),
    page: home!.includes("Does planted work.") || dataset!.includes("Does planted work."),
  },
  gauge: {
    setting: settingsHelp().includes("HEALTH_PLANTED"),
    form: settings!.includes("HEALTH_PLANTED"),
    api: (await (await server.ask("/api/health")).text()).includes("Planted gauge"),
    page: home!.includes("Planted gauge"),
    prometheus: /resource="planted"/.test(await textOf("/metrics", "text/plain")),
    document: openapi.includes('"planted"'),
  },
  event: {
    document: openapi.includes("planted.happened"),
    docs: docs!.includes("planted.happened"),
    activity: home!.includes("Planted person happened"),
  },
  alert: {
    document: openapi.includes("planted-alert: Planted alert text."),
    page: (await page("/")).includes("Planted sentence."),
    live: (LIVE_ALERTS as string[]).includes("planted-alert"),
  },
  setting: {
    help: settingsHelp().includes("days that planted things are kept (5)"),
    form: settings!.includes("PLANTED_SETTING"),
    change: changed.status === 200,
    document: openapi.includes("PLANTED_SETTING"),
  },
};
await server.close();
console.log(JSON.stringify(found));

function numbersCsv(): string {
  const rows = Array.from({ length: 60 }, (_, row) => `${row},${row % 7},${3 * row + (row % 5)}`);
  return `a,b,y\n${rows.join("\n")}\n`;
}
