"""One participant of `bench automl`: learns from the file of training rows, answers the file of test rows.

    automl_peer.py names          the participants that this Python has, with their versions, as JSON
    automl_peer.py '{"peer": …}'  one run; its last line is the answers, as JSON

Defaults everywhere, the time limit where there is one; the time counts from reading the file to the answers.
"""
import importlib
import importlib.metadata
import json
import os
import pickle
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd

# What must be importable, and the package whose version counts.
PACKAGES = {
    "autogluon-medium": ("autogluon.tabular", "TabularPredictor"),
    "autogluon-good": ("autogluon.tabular", "TabularPredictor"),
    "flaml": ("flaml", "AutoML"),
    "perpetual": ("perpetual", "PerpetualBooster"),
    "catboost": ("catboost", "CatBoostClassifier"),
    "lightgbm": ("lightgbm", "LGBMClassifier"),
}
MOST_CATEGORIES = 250
METRICS = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"}


def versions():
    found = {}
    for peer, (package, part) in PACKAGES.items():
        try:
            getattr(importlib.import_module(package), part)
            found[peer] = importlib.metadata.version(package)
        except (ImportError, AttributeError):
            pass
    return found


def read(path, asked):
    words = {} if asked["task"] == "regression" else {asked["target"]: str}
    return pd.read_csv(path, dtype=words, na_values=["", " ", "?"], keep_default_na=asked["task"] == "regression")


def categories(x):
    return [name for name in x if not pd.api.types.is_numeric_dtype(x[name])]


def as_codes(train, test):
    """Words as categories: the commonest of the training rows; all others are missing."""
    train, test = train.copy(), test.copy()
    for name in categories(train):
        known = train[name].value_counts().index[:MOST_CATEGORIES].sort_values()
        train[name] = pd.Categorical(train[name], categories=known)
        test[name] = pd.Categorical(test[name], categories=known)
    return train, test


def autogluon(presets):
    def run(asked, train, y, test):
        from autogluon.tabular import TabularPredictor

        frame = train.copy()
        frame[asked["target"]] = y
        predictor = TabularPredictor(
            label=asked["target"],
            path=tempfile.mkdtemp(),
            problem_type=asked["task"],
            eval_metric=METRICS[asked["task"]],
            verbosity=0,
        ).fit(frame, presets=presets, time_limit=asked["seconds"], num_cpus=asked["threads"])
        size = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(predictor.path) for f in files)
        if asked["task"] == "regression":
            return lambda: predictor.predict(test).to_numpy(), [], size
        return lambda: predictor.predict_proba(test).to_numpy(), list(predictor.class_labels), size

    return run


def flaml(asked, train, y, test):
    from flaml import AutoML

    model = AutoML()
    kind = "regression" if asked["task"] == "regression" else "classification"
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[asked["task"]]
    model.fit(
        X_train=train, y_train=y, task=kind, metric=metric, time_budget=asked["seconds"],
        n_jobs=asked["threads"], seed=asked["seed"], verbose=0,
    )
    return answered(asked, model, test)


def perpetual(asked, train, y, test):
    from perpetual import PerpetualBooster

    train, test = as_codes(train, test)
    objective = "SquaredLoss" if asked["task"] == "regression" else "LogLoss"
    model = PerpetualBooster(
        objective=objective, num_threads=asked["threads"], seed=asked["seed"], timeout=asked["seconds"]
    )
    if asked["task"] == "regression":
        model.fit(train, y)
        return lambda: np.asarray(model.predict(test)), [], len(pickle.dumps(model.json_dump()))
    classes = sorted(set(y))
    model.fit(train, np.searchsorted(classes, y).astype(float))
    return lambda: shares(model.predict_proba(test), len(classes)), classes, len(pickle.dumps(model.json_dump()))


def shares(p, classes):
    p = np.asarray(p, dtype=float).reshape(-1, classes) if np.ndim(p) != 2 else np.asarray(p, dtype=float)
    return p / p.sum(axis=1, keepdims=True)


def catboost(asked, train, y, test):
    from catboost import CatBoostClassifier, CatBoostRegressor

    words = categories(train)
    train, test = train.copy(), test.copy()
    for name in words:
        train[name], test[name] = (of[name].fillna("").astype(str) for of in (train, test))
    kind = CatBoostRegressor if asked["task"] == "regression" else CatBoostClassifier
    model = kind(
        random_seed=asked["seed"], thread_count=asked["threads"], verbose=0, cat_features=words,
        allow_writing_files=False,
    )
    model.fit(train, y)
    return answered(asked, model, test)


def lightgbm(asked, train, y, test):
    from lightgbm import LGBMClassifier, LGBMRegressor

    train, test = as_codes(train, test)
    # It takes no name that JSON would have to quote.
    train.columns = test.columns = [f"c{k}" for k in range(train.shape[1])]
    kind = LGBMRegressor if asked["task"] == "regression" else LGBMClassifier
    model = kind(random_state=asked["seed"], n_jobs=asked["threads"], verbose=-1).fit(train, y)
    return answered(asked, model, test)


def answered(asked, model, test):
    size = len(pickle.dumps(model))
    if asked["task"] == "regression":
        return lambda: np.asarray(model.predict(test)), [], size
    return lambda: np.asarray(model.predict_proba(test)), [str(label) for label in model.classes_], size


RUN = {
    "autogluon-medium": autogluon("medium_quality"),
    "autogluon-good": autogluon("good_quality"),
    "flaml": flaml,
    "perpetual": perpetual,
    "catboost": catboost,
    "lightgbm": lightgbm,
}

if sys.argv[1] == "names":
    print(json.dumps(versions()))
    sys.exit()

asked = json.loads(sys.argv[1])
began = time.perf_counter()
train, test = read(asked["train"], asked), read(asked["test"], asked)
y = train.pop(asked["target"]).to_numpy()
test = test.drop(columns=[asked["target"]])
answer, classes, size = RUN[asked["peer"]](asked, train, y, test)
seconds = time.perf_counter() - began
began = time.perf_counter()
answers = answer()
microseconds = 1e6 * (time.perf_counter() - began) / max(1, len(test))
given = {"answers": answers.tolist(), "classes": [str(label) for label in classes]}
print(json.dumps(given | {"seconds": seconds, "bytes": size, "microseconds": microseconds}))
