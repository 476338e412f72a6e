"""Trains one peer (100 trees of 31 leaves) on a generated data set and times its predictions on one thread.

usage: predict-peers.py PEER FOLDER NAME     prints {"rowUs": p50 of one row, "batchNs": per row and tree}
"""
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402 (threads are read when it loads)

PEER, FOLDER, NAME = sys.argv[1:4]
TREES, SINGLE, BATCHES = 100, 300, 7


def load():
    meta = json.load(open(f"{FOLDER}/{NAME}.json"))
    columns = len(meta["columns"])
    data = np.fromfile(f"{FOLDER}/{NAME}.bin").reshape(columns + 1, meta["rows"])
    categories = [k for k, column in enumerate(meta["columns"]) if column["labels"]]
    return np.ascontiguousarray(data[:columns].T), data[columns].copy(), categories


def predictor(x, y, categories):
    if PEER == "sklearn":
        from sklearn.ensemble import HistGradientBoostingClassifier
        return HistGradientBoostingClassifier(max_iter=TREES, early_stopping=False,
                                              categorical_features=categories).fit(x, y).predict_proba
    if PEER == "lightgbm":
        import lightgbm
        data = lightgbm.Dataset(x, y, categorical_feature=categories)
        model = lightgbm.train({"objective": "binary", "num_threads": 1, "verbosity": -1}, data, TREES)
        return lambda rows: model.predict(rows, num_threads=1)
    import xgboost
    options = dict(feature_types=["c" if k in categories else "float" for k in range(x.shape[1])],
                   enable_categorical=True, nthread=1)
    params = dict(objective="binary:logistic", max_leaves=31, max_depth=0, grow_policy="lossguide", nthread=1)
    model = xgboost.train(params, xgboost.QuantileDMatrix(x, y, **options), TREES)
    return lambda rows: model.predict(xgboost.DMatrix(rows, **options))


def median_seconds(call, times):
    all_times = []
    for i in range(times):
        start = time.perf_counter()
        call(i)
        all_times.append(time.perf_counter() - start)
    return sorted(all_times)[times // 2]


def main():
    x, y, categories = load()
    predict = predictor(x, y, categories)
    batch = median_seconds(lambda _: predict(x), BATCHES)
    row = median_seconds(lambda i: predict(x[i:i + 1]), SINGLE)
    print(json.dumps({"rowUs": row * 1e6, "batchNs": batch * 1e9 / len(x) / TREES}))


main()
