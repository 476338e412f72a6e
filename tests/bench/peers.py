"""Trains one peer on one generated data set and prints one line of JSON: times, scores, peak memory.

usage: peers.py PEER FOLDER NAME THREADS FITS     PEER: sklearn, xgboost, lightgbm
"""
import json
import os
import resource
import sys
import time

PEER, FOLDER, NAME, THREADS, FITS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
os.environ["OMP_NUM_THREADS"] = str(THREADS)

import numpy as np  # noqa: E402 (threads are read when it loads)

ROUNDS, RATE, LEAVES, LEAST, BINS = 100, 0.1, 31, 20, 255


def load():
    meta = json.load(open(f"{FOLDER}/{NAME}.json"))
    columns = len(meta["columns"])
    data = np.fromfile(f"{FOLDER}/{NAME}.bin").reshape(columns + 1, meta["rows"])
    x, y = np.ascontiguousarray(data[:columns].T), data[columns].copy()
    categories = [k for k, column in enumerate(meta["columns"]) if column["labels"]]
    return meta, x, y, categories


def fit_sklearn(meta, x, y, categories):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    kind = HistGradientBoostingRegressor if meta["task"] == "regression" else HistGradientBoostingClassifier
    model = kind(max_iter=ROUNDS, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=LEAST, max_bins=BINS,
                 early_stopping=False, categorical_features=categories or None)
    model.fit(x, y)
    return model.predict if meta["task"] == "regression" else model.predict_proba


def fit_xgboost(meta, x, y, categories):
    import xgboost
    types = ["c" if k in categories else "float" for k in range(x.shape[1])]
    options = dict(feature_types=types, enable_categorical=True, nthread=THREADS)
    params = dict(eta=RATE, max_leaves=LEAVES, grow_policy="lossguide", max_depth=0, max_bin=BINS + 1,
                  tree_method="hist", nthread=THREADS, verbosity=0)
    params["objective"] = {"binary": "binary:logistic", "multiclass": "multi:softprob",
                           "regression": "reg:squarederror"}[meta["task"]]
    if meta["task"] == "multiclass":
        params["num_class"] = len(meta["classes"])
    model = xgboost.train(params, xgboost.QuantileDMatrix(x, y, max_bin=BINS + 1, **options), ROUNDS)
    return lambda rows: model.predict(xgboost.DMatrix(rows, **options))


def fit_lightgbm(meta, x, y, categories):
    import lightgbm
    params = dict(learning_rate=RATE, num_leaves=LEAVES, min_data_in_leaf=LEAST, max_bin=BINS, num_threads=THREADS,
                  verbosity=-1)
    params["objective"] = meta["task"]
    if meta["task"] == "multiclass":
        params["num_class"] = len(meta["classes"])
    data = lightgbm.Dataset(x, y, categorical_feature=categories or "auto")
    return lightgbm.train(params, data, ROUNDS).predict


def two_columns(p):
    return p if p.ndim == 2 else np.stack([1 - p, p], axis=1)


def scores(task, y, p):
    from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score
    if task == "regression":
        return {"r2": r2_score(y, p)}
    p = two_columns(p)
    loss = {"log_loss": log_loss(y, p, labels=list(range(p.shape[1])))}
    if task == "binary":
        return {"roc_auc": roc_auc_score(y, p[:, 1]), **loss}
    return {"accuracy": accuracy_score(y, p.argmax(axis=1)), **loss}


def main():
    meta, x, y, categories = load()
    cut = meta["trainCount"]
    train = (meta, x[:cut], y[:cut], categories)
    fit = {"sklearn": fit_sklearn, "xgboost": fit_xgboost, "lightgbm": fit_lightgbm}[PEER]
    __import__({"sklearn": "sklearn.ensemble"}.get(PEER, PEER))  # loading the library is not training
    times = []
    for _ in range(FITS):
        start = time.perf_counter()
        predict = fit(*train)
        times.append((time.perf_counter() - start) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": times, "peakMb": peak, "scores": scores(meta["task"], y[cut:], predict(x[cut:]))}))


main()
