/** Data for each panel, with names that would break a page which trusted them. */

import type { ColumnProfile } from "../../core/csv/types.ts";
import type { ColumnDrift } from "../../core/models/monitoring/drift/drift.ts";
import type { ModelView, PanelData } from "../../core/routes/data/panel-data.ts";
import { STAGE_NAMES, type VersionComparison } from "../../core/trainer/contract.ts";
import type { RunView } from "../../core/training/run-view.ts";

export const HOSTILE = `<img src=x onerror="alert(1)">'"&__proto__`;
const AT = "2026-01-02T03:04:05.000Z";

const COMPARISON: VersionComparison = {
  version: 1,
  columns: { came: [HOSTILE], went: ["old"], changed: [{ column: HOSTILE, from: "number", to: "category" }] },
  metrics: {
    roc_auc: { before: 0.8, after: 0.9, interval: [0.05, 0.15] },
    log_loss: { before: 0.4, after: 0.5, interval: [0.01, 0.2] },
    accuracy: { before: 0.8, after: 0.8, interval: [-0.1, 0.1] },
  },
  rows: 20,
  sentence: HOSTILE,
};

const ORDER = {
  ...{ tags: [HOSTILE], note: HOSTILE, archived: false },
  ...{ owner: HOSTILE, visibility: "private" as const },
};

export const RUN: RunView = {
  ...ORDER,
  name: HOSTILE,
  comparison: COMPARISON,
  id: "r1",
  number: 7,
  datasetId: "d1",
  datasetVersion: 1,
  datasetName: HOSTILE,
  datasetDeleted: false,
  versionDeleted: false,
  target: HOSTILE,
  task: "binary",
  metric: "roc_auc",
  status: "running",
  stage: "Model selection",
  stages: STAGE_NAMES.map((name, position) => ({
    position,
    name,
    status: position < 3 ? "finished" : position === 3 ? "running" : "pending",
    progress: position < 3 ? 1 : position === 3 ? 0.25 : 0,
    note: position === 3 ? HOSTILE : "",
    startedAt: AT,
    durationMs: position < 3 ? 1200 : null,
    findings: [{ code: "odd", severity: "warning", column: HOSTILE, message: HOSTILE, fix: null }],
    facts: { metric: "roc_auc", classes: [{ label: HOSTILE, rows: 3 }] },
  })),
  progress: 0.3,
  elapsedMs: 4200,
  etaSeconds: 11,
  candidates: [
    {
      name: HOSTILE,
      family: "boosting",
      score: 0.9,
      std: 0.01,
      foldScores: [0.89, 0.91],
      params: { maxLeafNodes: 31 },
      durationMs: 900,
      group: "compared",
      isLevel: false,
    },
    {
      name: "Always guessing",
      family: "baseline",
      score: 0.5,
      std: 0,
      foldScores: [0.5, 0.5],
      params: {},
      durationMs: 1,
      group: "baseline",
      isLevel: false,
    },
  ],
  best: null,
  metrics: null,
  intervals: null,
  baseline: null,
  verdict: HOSTILE,
  beatsBaseline: null,
  positiveClass: null,
  findings: [],
  cost: null,
  refit: null,
  readings: null,
  modelName: "fruit",
  version: null,
  options: {
    target: HOSTILE,
    task: null,
    features: null,
    exclude: [HOSTILE],
    budgetSeconds: 60,
    budgetRounds: null,
    split: "random",
    splitColumn: null,
    seed: 0,
    metric: null,
    positiveClass: null,
    costs: null,
  },
  error: { code: "invalid", message: HOSTILE, fix: HOSTILE },
  queuedAt: AT,
  startedAt: AT,
  finishedAt: null,
};

export const MODEL: ModelView = {
  ...ORDER,
  name: "fruit",
  liveVersion: 1,
  versions: [2, 1].map((version) => ({
    version,
    runId: "r1",
    runDeleted: false,
    createdAt: AT,
    sizeBytes: 5000,
    isLive: version === 1,
    threshold: null,
    previousThreshold: null,
    result: {
      task: "binary",
      metric: "roc_auc",
      best: HOSTILE,
      positiveClass: HOSTILE,
      findings: [],
      refit: null,
      metrics: { roc_auc: 0.9, accuracy: 0.8 },
      intervals: { roc_auc: [0.85, 0.95], accuracy: [0.7, 0.9] },
      baseline: { roc_auc: 0.5, accuracy: 0.6 },
      verdict: HOSTILE,
      beatsBaseline: true,
      schema: {
        features: [
          { name: HOSTILE, type: "category", values: [HOSTILE, "b"], example: HOSTILE },
          { name: "size", type: "number", min: 1, max: 9, example: 4 },
        ],
        target: HOSTILE,
        classes: [HOSTILE, "no"],
      },
      rowsTrain: 80,
      rowsTest: 20,
      comparison: version === 2 ? COMPARISON : null,
    },
    live: { outcomes: 4, learned: 0, measured: 4, needed: 30, figures: [] },
  })),
  deployments: [{ version: 1, at: AT }],
  predictions: { total: 3, perMinute: [{ at: AT, predictions: 3 }] },
};

const SCORED = { metric: "roc_auc", score: 0.83, baseline: 0.5 };
const DRIFTED: ColumnDrift = {
  ...{ column: HOSTILE, psi: 0.5, verdict: "major", sentence: HOSTILE },
  missing: { training: 0, live: 0.1, isMore: true },
  unseen: { rows: 4, examples: [HOSTILE], isMore: true },
  bins: [
    { label: HOSTILE, training: 0.9, live: 0.1 },
    { label: "others", training: 0.1, live: 0.9 },
  ],
};

const GAUGE = {
  gauge: "cpu" as const,
  label: "CPU",
  unit: "%",
  value: 99,
  state: "critical" as const,
  warning: 80,
  critical: 95,
};

const ARRIVED: ColumnProfile = {
  name: HOSTILE,
  type: "category",
  count: 10,
  missing: 1,
  distinct: 2,
  distinctExact: true,
  min: null,
  max: null,
  mean: null,
  std: null,
  quantiles: null,
  histogram: [],
  top: [{ value: HOSTILE, count: 6 }],
  examples: [],
};

export const PANEL_DATA: { [P in keyof PanelData]: NonNullable<PanelData[P]> } = {
  metrics: {
    hosts: (["alive", "vanished"] as const).map((status) => ({
      ...{ id: "a1", host: HOSTILE, role: HOSTILE, version: HOSTILE, status, startedAt: AT, lastBeatAt: AT },
      ...{ cpuPercent: 12, memoryPercent: 34, runs: [{ id: "r1", number: 3 }] },
    })),
    gauges: [
      {
        ...GAUGE,
        history: [
          { at: AT, value: 5 },
          { at: AT, value: 99 },
        ],
      },
    ],
  },
  health: {
    state: "critical",
    gauges: [GAUGE],
    signal: { state: "critical", label: "Model down", sentence: HOSTILE },
  },
  activity: {
    items: ["stage.started", "stage.finished", "run.failed"].map((type, seq) => ({
      seq,
      at: AT,
      type: type as "run.failed",
      level: "error",
      sentence: `Run 7: ${HOSTILE}`,
    })),
    next: null,
  },
  datasets: {
    arrivals: [{ id: "a1", name: HOSTILE, bytes: 500, bytesTotal: 1000, rows: null, columns: [ARRIVED] }],
    items: [
      {
        id: "d1",
        name: HOSTILE,
        version: 1,
        status: "ready",
        rows: 5,
        columns: 2,
        target: HOSTILE,
        task: "binary",
        sizeBytes: 99,
        ...ORDER,
        createdAt: AT,
      },
    ],
    rejection: {
      id: "x1",
      name: HOSTILE,
      at: 0,
      error: { code: "invalid", message: HOSTILE, row: 3, column: HOSTILE, fix: HOSTILE },
    },
    next: 5,
  },
  predictions: { perMinute: [{ at: AT, predictions: 4 }], lastMinute: 4 },
  connection: { sockets: 1, seq: 12, upSeconds: 5 },
  attention: {
    items: [
      {
        severity: "warning",
        sentence: HOSTILE,
        risk: HOSTILE,
        fix: HOSTILE,
        action: { label: "Resume", method: "post", path: "/runs/r1/resume" },
        alertId: "a1",
      },
    ],
  },
  run: RUN,
  stages: RUN,
  curve: {
    run: RUN,
    rounds: [1, 2, 3].map((round) => ({
      candidate: HOSTILE,
      round,
      train: 1 / round,
      valid: 1.1 / round,
      baseline: 2,
      metric: "log_loss",
    })),
  },
  leaderboard: RUN,
  report: RUN,
  reading: {
    id: "d1",
    name: HOSTILE,
    status: "reading",
    arrival: { id: "d1", name: HOSTILE, bytes: 500, bytesTotal: 1000, rows: 4, columns: [ARRIVED] },
    rejection: null,
    file: null,
  },
  runs: { items: [{ ...RUN, ...SCORED, verdict: HOSTILE, durationMs: 4200 }], next: 3 },
  models: {
    items: [
      {
        ...{ ...ORDER, comparedVersion: 2 },
        ...{ name: HOSTILE, liveVersion: null, versions: 2, verdict: HOSTILE, createdAt: AT, trainedAt: AT },
        ...{ ...SCORED, target: HOSTILE, task: "binary", beatsBaseline: true, sizeBytes: 2048 },
      },
    ],
    next: 4,
  },
  sources: {
    items: [
      {
        ...{ id: "so1", name: HOSTILE, status: "failed", kind: "url", url: HOSTILE, query: null },
        ...{ rowLimit: null, timeoutSeconds: 300, secrets: [], datasetId: null, dataset: null },
        ...{ lastTriedAt: AT, lastRefreshedAt: AT, lastError: HOSTILE, createdBy: HOSTILE, createdAt: AT },
      },
    ],
  },
  schedules: {
    items: [
      {
        ...{ id: "sc1", name: HOSTILE, enabled: true, action: "retrain", model: "fruit", cron: "0 3 * * *" },
        ...{
          to: null,
          nextAt: AT,
          upcoming: [AT, AT],
          createdBy: HOSTILE,
          createdAt: AT,
          sourceName: HOSTILE,
          datasetName: null,
        },
        last: null,
        runs: [
          {
            ...{ id: "sr1", dueAt: AT, startedAt: AT, finishedAt: null, status: "running", runId: null },
            ...{ sentence: HOSTILE, hasResult: false },
          },
        ],
      },
    ],
  },
  model: MODEL,
  history: {
    model: null,
    at: "2026-11-22T16:22:00.000Z",
    figures: [
      { name: "cpu", label: "CPU", unit: "%", value: 12.3, at: "2026-11-22T16:22:00.000Z" },
      { name: "queue", label: "Queue", unit: "", value: 2, at: "2026-11-22T16:21:00.000Z" },
    ],
  },
  watch: {
    ...{ name: "fruit", version: 1, isLive: true, candidates: [2], log: "full" },
    canary: {
      ...{ version: 2, liveVersion: 1, share: 10, column: HOSTILE, header: null },
      ...{ maxErrors: 5, maxSlowdown: 3, startedAt: AT },
      versions: [
        { version: 2, requests: 10, predictions: 12, errors: 1, msPerRequest: 0.2 },
        { version: 1, requests: 90, predictions: 95, errors: 0, msPerRequest: null },
      ],
    },
    live: {
      ...{ outcomes: 40, learned: 0, measured: 40, needed: 30 },
      figures: [
        {
          ...{ metric: "accuracy", value: 0.7, interval: [0.55, 0.82], verdict: "unclear" },
          ...{ training: 0.8, trainingInterval: [0.7, 0.9] },
        },
      ],
    },
    drift: {
      ...{ predictions: 250, needed: 200, days: 2, answers: DRIFTED, columns: [DRIFTED] },
    },
    challenge: {
      ...{ version: 2, liveVersion: 1, answered: 40, skipped: 3, compared: 40, learned: 0, needed: 30 },
      msPerRow: 0.2,
      ...{ verdict: "better", sentence: HOSTILE },
      figures: [{ metric: "accuracy", live: 0.7, challenger: 0.9, gain: [0.1, 0.3], verdict: "better" }],
    },
  },
};
