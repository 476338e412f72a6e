"""Scores what `bench automl` kept, by scikit-learn's metrics, whoever answered.

    automl_score.py FOLDER SECONDS VERSION     VERSION: ours; of the others the latest that was kept

Prints a line a set, then ranks, wins, and losses beyond noise: a paired bootstrap over the test rows of all splits, Holm's
correction over all sets and participants. Sets whose best answer is known say how near ours comes to it.
"""
import json
import math
import os
import sys
from collections import defaultdict

import numpy as np
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

NEAR_BEST = 0.02
RESAMPLES = 200
OURS = "signalbox"

folder, limit, version = sys.argv[1], float(sys.argv[2]), sys.argv[3]


def load():
    runs = {}
    with open(os.path.join(folder, "results.ndjson")) as lines:
        for run in map(json.loads, lines):
            is_asked = run["limit"] == limit or run["participant"] == "best"
            if is_asked and (run["participant"] != OURS or run["version"] == version):
                runs[run["set"], run["seed"], run["participant"]] = run
    return runs


class Answers:
    """What one run answered: outcomes as class numbers or numbers, and a row of probabilities or a number for each."""

    def __init__(self, run):
        with open(os.path.join(folder, run["file"])) as file:
            kept = json.load(file)
        self.task = run["task"]
        self.given = np.asarray(kept["answers"], dtype=float)
        if self.task == "regression":
            self.outcomes = np.asarray(kept["outcomes"], dtype=float)
            return
        labels = sorted(set(kept["outcomes"]) | set(run["classes"]))
        place = {label: k for k, label in enumerate(labels)}
        self.outcomes = np.asarray([place[label] for label in kept["outcomes"]])
        spread = np.full((len(self.given), len(labels)), 1e-9)
        for k, label in enumerate(run["classes"]):
            spread[:, place[label]] = np.clip(self.given[:, k], 1e-9, 1)
        self.given = spread / spread.sum(axis=1, keepdims=True)

    def loss(self, rows=slice(None)):
        y, given = self.outcomes[rows], self.given[rows]
        if self.task == "regression":
            return math.sqrt(mean_squared_error(y, given))
        if self.task == "binary":
            return 1 - roc_auc_score(y, given[:, 1]) if len(set(y)) == 2 else float("nan")
        return log_loss(y, given, labels=range(given.shape[1]))


def p_value(ours, theirs, seed):
    """Whether the mean difference over the splits is more than what other test rows would have given."""
    rng = np.random.default_rng(seed)
    differences = []
    for _ in range(RESAMPLES):
        each = []
        for a, b in zip(ours, theirs):
            rows = rng.integers(0, len(a.outcomes), len(a.outcomes))
            each.append(a.loss(rows) - b.loss(rows))
        differences.append(np.mean(each))
    spread = np.nanstd(differences)
    mean = np.mean([a.loss() - b.loss() for a, b in zip(ours, theirs)])
    return math.erfc(abs(mean) / max(spread, 1e-12) / math.sqrt(2)), mean


def holm(tests):
    """Whether each p-value stays below 5 % after Holm's correction."""
    order = sorted(range(len(tests)), key=lambda k: tests[k][0])
    kept = set()
    for rank, k in enumerate(order):
        if tests[k][0] > 0.05 / (len(tests) - rank):
            break
        kept.add(k)
    return kept


runs = load()
splits = defaultdict(dict)
for (name, seed, who), run in runs.items():
    splits[name].setdefault(seed, {})[who] = run
everybody = sorted({who for _, _, who in runs} - {"best"}, key=lambda who: (who != OURS, who))
tests, ranks, near = [], defaultdict(list), []
print(f"{'set':26} loss    " + " ".join(f"{who:>16}" for who in everybody) + "             best")
for name, seeds in sorted(splits.items()):
    there = [who for who in everybody if all(who in seed for seed in seeds.values())]
    if OURS not in there:
        continue
    answers = {who: [Answers(seed[who]) for seed in seeds.values()] for who in there}
    losses = {who: float(np.mean([one.loss() for one in of])) for who, of in answers.items()}
    task = answers[OURS][0].task
    metric = {"binary": "1-auc", "multiclass": "logloss", "regression": "rmse"}[task]
    shown = " ".join(f"{losses[who]:16.5g}" if who in losses else f"{'':16}" for who in everybody)
    line = f"{name[:26]:26} {metric:7} {shown}"
    if all("best" in seed for seed in seeds.values()):
        best = float(np.mean([Answers(seed["best"]).loss() for seed in seeds.values()]))
        reached = (0.5 - losses[OURS]) / (0.5 - best) if task == "binary" else best / losses[OURS]
        near.append((name, reached))
        line += f" {best:16.5g}"
    print(line)
    ordered = sorted(losses.values())
    for who in there:
        same = [k + 1 for k, loss in enumerate(ordered) if loss == losses[who]]
        ranks[who].append(float(np.mean(same)))
    for k, who in enumerate(there):
        if who != OURS:
            tests.append((*p_value(answers[OURS], answers[who], k), name, who))

print()
for who in everybody:
    of = [run for (_, _, by), run in runs.items() if by == who]
    if not ranks[who]:
        continue
    first = sum(rank == 1 for rank in ranks[who])
    print(
        f"{who:18} mean rank {np.mean(ranks[who]):.2f} of {len(everybody)} over {len(ranks[who])} sets, first on {first}; "
        f"{np.median([run['seconds'] for run in of]):.1f} s, {np.median([run['bytes'] for run in of]) / 1e6:.2f} MB, "
        f"{np.median([run['microseconds'] for run in of]):.1f} µs a row"
    )
kept = holm(tests)
lost = [(tests[k][2], tests[k][3]) for k in sorted(kept) if tests[k][1] > 0]
won = sum(tests[k][1] < 0 for k in kept)
print(f"beyond noise (Holm, {len(tests)} comparisons): {won} won, {len(lost)} lost {lost or ''}")
for name, reached in near:
    print(f"{name:26} {100 * reached:.1f} % of what can be had{'' if reached >= 1 - NEAR_BEST else ', goal 98 %'}")
