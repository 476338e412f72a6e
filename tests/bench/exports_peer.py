"""Opens what Signalbox wrote in the runtimes themselves: ONNX Runtime and LightGBM. Reads the CSV on its own."""
import csv
import datetime
import json
import math
import sys

import numpy

folder, names = sys.argv[1], sys.argv[2:]


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return moment(cell)


def moment(cell):
    try:
        at = datetime.datetime.fromisoformat(cell)
        return at.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000
    except ValueError:
        return math.nan


def onnx(path, columns):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def ask(read):
        feed = {}
        for given in session.get_inputs():
            cells = read(given.name)
            if given.type == "tensor(string)":
                feed[given.name] = numpy.array([[cell] for cell in cells], dtype=object)
            else:
                feed[given.name] = numpy.array([[number(cell)] for cell in cells], dtype=numpy.float64)
        answers = dict(zip((each.name for each in session.get_outputs()), session.run(None, feed)))
        return answers.get("label"), answers.get("probabilities", answers.get("prediction"))

    test = json.loads(session.get_modelmeta().custom_metadata_map["self_test"])
    _, own = ask(lambda name: ["nan" if cell is None else cell for cell in test["inputs"][name]])
    expected = numpy.array(test.get("probabilities", test.get("prediction")))
    return ask(lambda name: columns[name]), gap(own, expected.reshape(own.shape))


def lightgbm(path, columns):
    import lightgbm

    test = json.loads(next(line for line in open(path) if line.startswith("self_test="))[10:])
    booster = lightgbm.Booster(model_file=path)
    plain = {"".join(c if c.isalnum() or c in "_. -" else "_" for c in name): name for name in columns}
    matrix = []
    for name, labels in zip(test["features"], test["categories"]):
        cells = columns[plain[name]]
        codes = {label: code for code, label in enumerate(labels or [])}
        matrix.append([codes.get(cell, math.nan) if labels is not None else number(cell) for cell in cells])
    ask = lambda rows: shaped(booster.predict(rows), test["predictions"])
    own = ask(numpy.array([[math.nan if cell is None else cell for cell in row] for row in test["rows"]]))
    return (None, ask(numpy.array(matrix).T)), gap(own, numpy.array(test["predictions"]))


def shaped(answers, like):
    """Two classes: LightGBM tells the second."""
    if answers.ndim == 1 and len(like[0]) == 2:
        return numpy.stack([1 - answers, answers], axis=1)
    return answers.reshape(len(answers), -1)


def gap(theirs, ours):
    return float(numpy.max(numpy.abs(theirs - ours) / numpy.maximum(1, numpy.abs(ours))))


for name in names:
    title, format = name.rsplit(".", 1)
    rows = list(csv.DictReader(open(f"{folder}/{title}.csv", newline="", encoding="utf-8")))
    columns = {key: [row[key].strip() for row in rows] for key in rows[0]}
    chances = [key for key in columns if key.startswith("probability_")]
    ours = numpy.array([[float(row[key]) for key in chances or ["prediction"]] for row in rows])
    path = f"{folder}/{name}"
    (labels, theirs), own = (onnx if format == "onnx" else lightgbm)(path, columns)
    told = None if labels is None else sum(str(a) == b for a, b in zip(labels, columns["prediction"]))
    print(json.dumps({"name": name, "rows": len(rows), "gap": gap(theirs, ours), "labels": told, "own": own}))
