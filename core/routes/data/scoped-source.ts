/**
 * The parts of the server as one viewer may use them: what is private to others is not there. Reads of the store, lists
 * of the parts and every method that names a dataset, run or model are covered, those that come later too.
 */
import type { Privacy, ViewScope } from "../../events/privacy.ts";
import { AppError } from "../../platform/errors.ts";
import type { Annotated } from "../../store/annotations.ts";
import { findDataset, findDatasetByName } from "../../store/datasets.ts";
import { findOutcome } from "../../store/outcomes.ts";
import { findPrediction } from "../../store/predictions.ts";
import { findScheduleRun } from "../../store/schedules.ts";
import { ScopedStore } from "../../store/scoped-store.ts";
import type { PanelSource } from "./panel-data.ts";

/** Throws AppError `missing` if the arguments name something hidden. */
type Check = (args: readonly unknown[]) => void | Promise<void>;

/** `replaced`: methods with another implementation; `check` is called before all others. */
function guarded<T extends object>(part: T, replaced: Partial<T>, check: Check | null = null): T {
  return new Proxy(part, {
    get(target, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const checked = check?.(args);
        return checked ? checked.then(() => value.apply(target, args)) : value.apply(target, args);
      };
    },
  });
}

const KEPT = 1000;
const made = new WeakMap<PanelSource, Map<string | null, PanelSource>>();

/** One for each owner. */
export function scopedSource(source: PanelSource, viewScope: ViewScope): PanelSource {
  if (viewScope.isAll) return source;
  const known = made.getOrInsertComputed(source, () => new Map());
  let own = known.get(viewScope.owner);
  if (!own) {
    own = new ScopedParts(source, viewScope).source();
    if (known.size >= KEPT) known.clear();
    known.set(viewScope.owner, own);
  }
  return own;
}

class ScopedParts {
  private readonly privacy: Privacy;

  constructor(
    private readonly whole: PanelSource,
    private readonly viewScope: ViewScope,
  ) {
    this.privacy = whole.privacy;
  }

  source(): PanelSource {
    const { whole, viewScope } = this;
    const store = new ScopedStore(whole.store, viewScope.owner, () => this.privacy.isEmpty);
    return {
      ...whole,
      ...{ viewScope, store },
      datasets: this.datasets(),
      runs: guarded(whole.runs, {}, this.named("run")),
      models: this.models(),
      feedback: this.feedback(),
      canaries: this.canaries(),
      splitServing: guarded(whole.splitServing, {}, this.named("model")),
      annotations: this.annotations(),
      deletions: this.deletions(),
      alerts: this.alerts(),
      presence: guarded(whole.presence, { hosts: () => this.hosts() }),
      sources: this.sources(store),
      schedules: this.schedules(store),
    };
  }

  private sees(kind: Annotated, subject: string): boolean {
    return this.privacy.sees(this.viewScope, kind, subject);
  }

  /** By the first argument: an id or a name, or a request that names datasets and runs. */
  private named(kind: Annotated): Check {
    return ([first]) => {
      if (typeof first === "string") this.privacy.refuseHidden(this.viewScope, kind, first);
      else this.refuseNamed(first);
    };
  }

  /** What a request names. */
  private refuseNamed(request: unknown): void {
    if (typeof request !== "object" || request === null) return;
    const { datasetId, testDatasetId, fromRun, runId, model } = request as Record<string, unknown>;
    for (const id of [datasetId, testDatasetId])
      if (typeof id === "string") this.privacy.refuseHidden(this.viewScope, "dataset", id);
    for (const id of [fromRun, runId])
      if (typeof id === "string") this.privacy.refuseHidden(this.viewScope, "run", id);
    if (typeof model === "string") this.privacy.refuseHidden(this.viewScope, "model", model);
  }

  private datasets(): PanelSource["datasets"] {
    const { datasets } = this.whole;
    const inProgress = () => datasets.inProgress().filter(({ id }) => this.sees("dataset", id));
    const arrival = (id: string) => (this.sees("dataset", id) ? datasets.arrival(id) : null);
    return guarded(datasets, { inProgress, arrival }, this.named("dataset"));
  }

  private models(): PanelSource["models"] {
    const { models } = this.whole;
    const unreadable = async () => {
      const found = await models.unreadable();
      return found && this.sees("model", found.name) ? found : null;
    };
    const find: typeof models.find = async (name, ...rest) => {
      this.privacy.refuseHidden(this.viewScope, "model", name);
      return models.find(name, ...rest).catch((error: unknown) => {
        throw this.withoutNewName(error);
      });
    };
    return guarded(models, { unreadable, find }, this.named("model"));
  }

  /** The new name of a model is not revealed to users who may not see it. */
  private withoutNewName(error: unknown): unknown {
    const renamed =
      error instanceof AppError ? /^It was renamed to (.+)\.$/.exec(error.place.fix ?? "") : null;
    if (!renamed || this.sees("model", renamed[1]!)) return error;
    return new AppError("missing", (error as AppError).message, { fix: "GET /api/models lists them." });
  }

  private feedback(): PanelSource["feedback"] {
    const { feedback, store } = this.whole;
    const counters = () => feedback.counters().filter(({ model }) => this.sees("model", model));
    const tell: typeof feedback.tell = async (id, actual) => {
      // What was just predicted is written in a moment.
      await feedback.flush();
      const about = (await findOutcome(store, id)) ?? (await findPrediction(store, id));
      if (about && !this.sees("model", about.model))
        throw new AppError("missing", `The prediction ${JSON.stringify(id)} does not exist`);
      return feedback.tell(id, actual);
    };
    return guarded(feedback, { counters, tell }, this.named("model"));
  }

  private canaries(): PanelSource["canaries"] {
    const { canaries } = this.whole;
    const list = async () => (await canaries.list()).filter(({ model }) => this.sees("model", model));
    return guarded(canaries, { list }, this.named("model"));
  }

  private annotations(): PanelSource["annotations"] {
    const { annotations } = this.whole;
    const { viewScope, privacy } = this;
    return guarded(annotations, {
      changeDataset: async (id, ...rest) => {
        privacy.refuseHidden(viewScope, "dataset", id);
        return annotations.changeDataset(id, ...rest);
      },
      changeRun: async (id, ...rest) => {
        privacy.refuseHidden(viewScope, "run", id);
        return annotations.changeRun(id, ...rest);
      },
      changeModel: async (name, ...rest) => {
        privacy.refuseHidden(viewScope, "model", name);
        return annotations.changeModel(name, ...rest);
      },
    });
  }

  private deletions(): PanelSource["deletions"] {
    const { deletions } = this.whole;
    const seesItem = ({ kind, subject }: { kind: string; subject: string }) =>
      this.sees(kind === "version" ? "model" : (kind as Annotated), subject);
    const pending = async () =>
      (await deletions.pending()).flatMap((entry) => {
        const items = entry.items.filter(seesItem);
        return items.length ? [{ ...entry, items }] : [];
      });
    return guarded(deletions, {
      pending,
      delete: async (subjects, options) => {
        for (const { kind, subject } of subjects)
          this.privacy.refuseHidden(this.viewScope, kind === "version" ? "model" : kind, subject);
        return deletions.delete(subjects, options);
      },
      undo: async (id) => {
        const hidden = (await deletions.pending()).some(
          (entry) =>
            (entry.id === id || entry.items.some(({ subject }) => subject === id)) &&
            !entry.items.every(seesItem),
        );
        return deletions.undo(hidden ? "" : id);
      },
    });
  }

  private alerts(): PanelSource["alerts"] {
    const { alerts } = this.whole;
    const active: typeof alerts.active = async (store) =>
      (await alerts.active(store)).filter((alert) => this.privacy.seesAlert(this.viewScope, alert));
    const dismiss = async (id: string) => {
      const isShown = (await active()).some((alert) => alert.id === id);
      return alerts.dismiss(isShown ? id : "");
    };
    return guarded(alerts, { active, dismiss });
  }

  private async hosts() {
    const hosts = await this.whole.presence.hosts();
    return hosts.map((host) => ({ ...host, runs: host.runs.filter(({ id }) => this.sees("run", id)) }));
  }

  private sources(store: ScopedStore): PanelSource["sources"] {
    const { sources } = this.whole;
    const seesSource = ({ datasetId }: { datasetId: string | null }) =>
      datasetId === null || this.sees("dataset", datasetId);
    const check: Check = ([first]) =>
      typeof first === "string"
        ? sources.find(first).then((source) => {
            if (!seesSource(source)) throw new AppError("missing", `Source ${first} does not exist`);
          })
        : undefined;
    return guarded(
      sources,
      {
        list: async () => (await sources.list()).filter(seesSource),
        receiveVersion: async (idOrName, request) => {
          const id = (await findDataset(store, idOrName))?.id ?? (await findDatasetByName(store, idOrName));
          return sources.receiveVersion(id ?? "", request);
        },
      },
      check,
    );
  }

  private schedules(store: ScopedStore): PanelSource["schedules"] {
    const { schedules, sources } = this.whole;
    const seesSchedule = async ({ datasetId, sourceId, model }: Named) => {
      if (datasetId !== undefined && !this.sees("dataset", datasetId)) return false;
      if (model !== undefined && !this.sees("model", model)) return false;
      const source = sourceId === undefined ? null : await sources.find(sourceId).catch(() => null);
      return !source?.datasetId || this.sees("dataset", source.datasetId);
    };
    const refuse = async (id: string) => {
      if (!(await seesSchedule(await schedules.find(id))))
        throw new AppError("missing", `Schedule ${id} does not exist`, {
          fix: "GET /api/schedules lists them.",
        });
    };
    const check: Check = ([first]) => {
      if (typeof first === "string") return refuse(first);
      this.refuseNamed(first);
    };
    return guarded(
      schedules,
      {
        list: async () => {
          const all = await schedules.list();
          const seen = await Promise.all(all.map(seesSchedule));
          return all.filter((_, index) => seen[index]);
        },
        change: async (id, patch) => {
          await refuse(id);
          this.refuseNamed(patch);
          return schedules.change(id, patch);
        },
        resultOf: async (id) => {
          const run = await findScheduleRun(store, id);
          if (run) await refuse(run.scheduleId);
          return schedules.resultOf(id);
        },
        stopRun: async (id) => {
          const run = await findScheduleRun(store, id);
          if (run) await refuse(run.scheduleId);
          return schedules.stopRun(id);
        },
      },
      check,
    );
  }
}

interface Named {
  datasetId?: string | undefined;
  sourceId?: string | undefined;
  model?: string | undefined;
}
