"""Makes files of each format by seed, and tells what pandas reads from them: a cell a value, dates as microseconds.

usage: formats_peer.py make FOLDER FILES BIG_ROWS | formats_peer.py time FILE
"""

import gzip
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

READERS = {
    ".xlsx": pd.read_excel,
    ".parquet": pd.read_parquet,
    ".json": lambda path: pd.read_json(path, orient="records", dtype=False, precise_float=True),
    ".ndjson": lambda path: pd.read_json(path, lines=True, dtype=False, precise_float=True),
    ".fwf": pd.read_fwf,
    ".html": lambda path: pd.read_html(path, encoding="utf-8")[0],
}


def table(seed: int, rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    words = np.array(["north", "south", "a, b", "née", "東京", 'q"x', "<&>"])
    columns = {
        "count": draw.integers(-1000, 1000, rows),
        "value": draw.normal(size=rows) * 10.0 ** draw.integers(-5, 6),
        "word": draw.choice(words, rows),
        "flag": draw.random(rows) < 0.5,
        "day": pd.Timestamp("2001-02-03") + pd.to_timedelta(draw.integers(0, 9000, rows), unit="D"),
        "moment": pd.Timestamp("2011-02-03") + pd.to_timedelta(draw.integers(0, 10**9, rows), unit="s"),
        "gaps": np.where(draw.random(rows) < 0.3, np.nan, draw.normal(size=rows)),
    }
    names = draw.permutation(list(columns))[: draw.integers(2, 8)]
    return pd.DataFrame({str(name): columns[str(name)] for name in names})


def write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".json":
        frame.to_json(path, orient="records", date_format="iso", double_precision=15)
    elif path.suffix == ".ndjson":
        frame.to_json(path, orient="records", lines=True, date_format="iso", double_precision=15)
    elif path.suffix == ".html":
        frame.to_html(path, index=False)
    else:
        # Cells with blanks in them would be two cells to pandas.
        frame = frame.drop(columns=["word", "moment"], errors="ignore").assign(last=1)
        path.write_text(frame.to_string(index=False) + "\n")


def cell(value: object) -> object:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return {"micros": value.value // 1000}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    return float(value) if isinstance(value, (float, np.floating)) else str(value)


def make(folder: Path, files: int, big_rows: int) -> None:
    for suffix, reader in READERS.items():
        for seed in range(files):
            path = folder / f"{seed}{suffix}"
            write(table(seed, 5 + 7 * seed), path)
            frame = reader(path)
            rows = [list(frame.columns)] + [[cell(value) for value in row] for row in frame.itertuples(index=False)]
            gzip.open(f"{path}.cells.gz", "wt").write(json.dumps(rows))
        write(table(7, big_rows if suffix != ".html" else big_rows // 10), folder / f"big{suffix}")


def timed(path: Path) -> None:
    before = time.perf_counter()
    frame = READERS[path.suffix](path)
    seconds = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"rows": len(frame), "seconds": seconds, "bytes": peak}))


if sys.argv[1] == "make":
    make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
else:
    timed(Path(sys.argv[2]))
