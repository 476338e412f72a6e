"""MAPIE's intervals and sets on the same rows: JSON lines in, one line out for each.

Cross-conformal regression (CV+) and conformalised quantile regression, both over scikit-learn's HistGradientBoosting;
for classes the least ambiguous sets (LAC), cross-conformal. Coverage and mean width (or size) on the rows to judge by.
"""
import json
import sys
import warnings

import numpy as np
import pandas as pd
from mapie.classification import CrossConformalClassifier
from mapie.regression import ConformalizedQuantileRegressor, CrossConformalRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder

warnings.filterwarnings("ignore")


def encoded(x):
    words = [c for c in x if not pd.api.types.is_numeric_dtype(x[c])]
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, max_categories=250
    )
    if words:
        x = x.copy()
        x[words] = codes.fit_transform(x[words])
    categories = [i for i, c in enumerate(x) if c in words and x[c].nunique() <= 250]
    return x.to_numpy(dtype=float), categories


def intervals(x, y, train, test, level, categories):
    def told(points):
        low, high = points[:, 0], points[:, 1]
        inside = (y[test] >= low) & (y[test] <= high)
        return {"coverage": float(inside.mean()), "width": float((high - low).mean())}

    cross = CrossConformalRegressor(
        HistGradientBoostingRegressor(random_state=0, categorical_features=categories),
        confidence_level=level, method="plus", cv=5, random_state=0,
    )
    cross.fit_conformalize(x[train], y[train])
    answer = {"cross": told(cross.predict_interval(x[test])[1][:, :, 0])}
    fit, calibrate = train_test_split(train, test_size=0.3, random_state=0)
    quantile = ConformalizedQuantileRegressor(
        HistGradientBoostingRegressor(loss="quantile", quantile=0.5, random_state=0, categorical_features=categories),
        confidence_level=level,
    )
    quantile.fit(x[fit], y[fit])
    quantile.conformalize(x[calibrate], y[calibrate])
    answer["cqr"] = told(quantile.predict_interval(x[test])[1][:, :, 0])
    return answer


def sets(x, y, train, test, level, categories):
    classes = np.unique(y[train])
    cross = CrossConformalClassifier(
        HistGradientBoostingClassifier(random_state=0, categorical_features=categories),
        confidence_level=level, conformity_score="lac", cv=5, random_state=0,
    )
    cross.fit_conformalize(x[train], y[train])
    inside = cross.predict_set(x[test])[1][:, :, 0]
    places = {c: i for i, c in enumerate(classes)}
    right = [inside[row, places[label]] if label in places else False for row, label in enumerate(y[test])]
    return {"lac": {"coverage": float(np.mean(right)), "width": float(inside.sum(axis=1).mean())}}


for request in map(json.loads, sys.stdin):
    task, target, level = request["task"], request["target"], request["level"]
    frame = pd.read_csv(request["path"], skipinitialspace=False, na_values=["", " ", "?"])
    frame = frame[frame[target].notna()].reset_index(drop=True)
    y = frame[target].to_numpy(dtype=float) if task == "regression" else frame[target].astype(str).to_numpy()
    x = frame.drop(columns=[target])
    x = x.drop(columns=[c for i, c in enumerate(x) if c in request["drop"] or c.startswith("Unnamed")])
    matrix, categories = encoded(x)
    measure = intervals if task == "regression" else sets
    try:
        answer = measure(matrix, y, np.array(request["train"]), np.array(request["test"]), level, categories)
    except Exception as error:
        answer = {"error": {"reason": str(error)}}
    print(json.dumps(answer), flush=True)
