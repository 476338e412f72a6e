"""scikit-learn's linear model and HistGradientBoosting, or LightGBM, on the same rows: JSON lines in, one line out for each.

Each request names the file, target, task, columns to drop, and the rows (among those with a target) to learn from and
to judge by. One-hot and median imputation for the linear model, native categories for the trees, no tuning.
"""
import json
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import f1_score, log_loss, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

warnings.filterwarnings("ignore")

try:
    import lightgbm
except ImportError:
    lightgbm = None


def score(task, y, model, x):
    if task == "regression":
        answers = model.predict(x)
        return {"r2": r2_score(y, answers), "rmse": float(np.sqrt(np.mean((y - answers) ** 2)))}
    p = model.predict_proba(x)
    if task == "binary":
        return {"roc_auc": roc_auc_score(y, p[:, 1])}
    return {
        "f1_macro": f1_score(y, model.predict(x), average="macro"),
        "log_loss": log_loss(y, p, labels=model.classes_),
    }


def models(task, x):
    numeric = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    words = [c for c in x if c not in numeric]
    wide = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=2), words),
    )
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, max_categories=250
    )
    narrow = make_column_transformer((codes, words), ("passthrough", numeric))
    categories = [i for i in range(len(words)) if x[words[i]].nunique() <= 250]
    if task == "regression":
        line, trees = RidgeCV(alphas=[0.1, 1, 10, 100]), HistGradientBoostingRegressor
    else:
        line, trees = LogisticRegression(max_iter=2000), HistGradientBoostingClassifier
    if lightgbm:
        boosting = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
        light = {"lightgbm": make_pipeline(narrow, boosting(random_state=0, n_jobs=1, verbose=-1))}
    else:
        light = {}
    return light | {
        "linear": make_pipeline(wide, line),
        "hgb": make_pipeline(narrow, trees(random_state=0, categorical_features=categories)),
    }


for request in map(json.loads, sys.stdin):
    task, target = request["task"], request["target"]
    frame = pd.read_csv(request["path"], skipinitialspace=False, na_values=["", " ", "?"])
    frame = frame[frame[target].notna()].reset_index(drop=True)
    y = frame[target] if task == "regression" else frame[target].astype(str)
    if task == "binary":
        y = (y == sorted(y.unique())[1]).astype(int)
    x = frame.drop(columns=[target])
    x = x.drop(columns=[c for i, c in enumerate(x) if c in request["drop"] or c.startswith("Unnamed")])
    train, test = request["train"], request["test"]
    answer = {}
    for name, model in models(task, x).items():
        if name not in request.get("models", ["linear", "hgb"]):
            continue
        model.fit(x.iloc[train], y.iloc[train])
        answer[name] = score(task, y.iloc[test], model, x.iloc[test])
    print(json.dumps(answer), flush=True)
