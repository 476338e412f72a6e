"""The same file through scikit-learn: read, predicted and written by pandas in blocks, as one would by hand."""
import json
import resource
import sys
import time

import pandas
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

train, asked, out, target = sys.argv[1:5]
table = pandas.read_csv(train)
x, y = table.drop(columns=[target]), table[target]
words = list(x.select_dtypes(exclude="number").columns)
encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
model = make_pipeline(
    make_column_transformer((encoder, words), remainder="passthrough"),
    HistGradientBoostingClassifier(max_iter=100, early_stopping=False),
).fit(x, y)
started, used = time.perf_counter(), time.process_time()
rows = 0
with open(out, "w") as file:
    for block in pandas.read_csv(asked, chunksize=10_000):
        chances = model.predict_proba(block[x.columns])
        block["prediction"] = model.classes_[chances.argmax(axis=1)]
        for k, name in enumerate(model.classes_):
            block[f"probability_{name}"] = chances[:, k]
        block.to_csv(file, index=False, header=rows == 0)
        rows += len(block)
print(json.dumps({
    "rows": rows, "seconds": time.perf_counter() - started, "cpu": time.process_time() - used,
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
