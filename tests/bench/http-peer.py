"""What does the usual way serve? FastAPI on one uvicorn process, HistGradientBoosting of 100 trees in a pipeline."""

import json
import socket
import sys

import pandas as pd
import uvicorn
from fastapi import FastAPI, Request
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

table = pd.read_csv(sys.argv[1])
x, y = table.drop(columns="target"), table["target"]
words = [name for name in x.columns if not pd.api.types.is_numeric_dtype(x[name])]
encode = make_column_transformer(
    (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words),
    remainder="passthrough",
)
model = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=100, early_stopping=False)).fit(x, y)
classes = [str(name) for name in model.classes_]
app = FastAPI()


@app.post("/")
async def predict(request: Request):
    rows = pd.DataFrame([await request.json()], columns=x.columns)
    shares = model.predict_proba(rows)[0].tolist()
    return {"prediction": classes[shares.index(max(shares))], "probabilities": dict(zip(classes, shares))}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(128)
print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}/"}), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])
