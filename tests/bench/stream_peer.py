"""The same file through pandas with a boosting library, in blocks where the format has any, as one would by hand."""
import json
import resource
import sys
import time

import pandas

READ = {
    "csv": lambda path: pandas.read_csv(path, chunksize=10_000),
    "ndjson": lambda path: pandas.read_json(path, lines=True, chunksize=10_000),
    "parquet": lambda path: [pandas.read_parquet(path)],
    "xlsx": lambda path: [pandas.read_excel(path)],
}


def write(blocks, path):
    form = path.rsplit(".", 1)[1]
    if form in ("csv", "ndjson"):
        with open(path, "w") as file:
            for k, block in enumerate(blocks):
                if form == "csv":
                    block.to_csv(file, index=False, header=k == 0)
                else:
                    block.to_json(file, orient="records", lines=True)
    elif form == "parquet":
        pandas.concat(blocks).to_parquet(path, index=False)
    else:
        pandas.concat(blocks).to_excel(path, index=False)


def classifier(name):
    if name == "lightgbm":
        from lightgbm import LGBMClassifier
        return LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1)
    from sklearn.ensemble import HistGradientBoostingClassifier
    return HistGradientBoostingClassifier(max_iter=100, early_stopping=False)


if sys.argv[1] == "convert":
    write([pandas.read_csv(sys.argv[2])], sys.argv[3])
    sys.exit()

from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

peer, train, asked, out, target = sys.argv[1:6]
table = pandas.read_csv(train)
x, y = table.drop(columns=[target]), table[target]
words = list(x.select_dtypes(exclude="number").columns)
encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
model = make_pipeline(make_column_transformer((encoder, words), remainder="passthrough"), classifier(peer)).fit(x, y)
rows = 0


def answered():
    global rows
    for block in READ[asked.rsplit(".", 1)[1]](asked):
        chances = model.predict_proba(block[x.columns])
        block["prediction"] = model.classes_[chances.argmax(axis=1)]
        for k, name in enumerate(model.classes_):
            block[f"probability_{name}"] = chances[:, k]
        rows += len(block)
        yield block


started = time.perf_counter()
write(answered(), out)
print(json.dumps({
    "rows": rows, "seconds": time.perf_counter() - started,
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
