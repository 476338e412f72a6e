"""Makes files of each format by seed, and tells what pandas reads from them: a cell a value, dates as microseconds.

usage: formats_peer.py make FOLDER FILES BIG_ROWS | formats_peer.py time FILE
"""

import gzip
import json
import resource
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.int8(): pd.Int8Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
READERS = {
    ".xlsx": pd.read_excel,
    ".parquet": lambda path: read_parquet(path),
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


def stored(seed: int, rows: int) -> pa.Table:
    """Columns of the types that only Parquet has; lists and structs are left out by our reader."""
    draw = np.random.default_rng(seed)
    gaps = draw.random(rows) < 0.2
    missing = lambda values: [None if gap else value for gap, value in zip(gaps, values)]
    whole = draw.integers(-(2**62), 2**62, rows)
    micros = draw.integers(-(2**50), 2**50, rows)
    columns = {
        "big": pa.array(missing(whole.tolist()), pa.int64()),
        "unsigned": pa.array(missing((2**63 + np.abs(whole).astype(object)).tolist()), pa.uint64()),
        "tiny": pa.array(missing(draw.integers(-128, 128, rows).tolist()), pa.int8()),
        "price": pa.array(missing([Decimal(int(v)).scaleb(-2) for v in draw.integers(-(10**9), 10**9, rows)]), pa.decimal128(18, 2)),
        "long": pa.array(missing([Decimal(int(v) * 10**9).scaleb(-20) for v in whole]), pa.decimal128(38, 20)),
        "zoned": pa.array(micros, pa.timestamp("us", "Europe/Berlin")),
        "nanos": pa.array(micros * 1000 + 7, pa.timestamp("ns")),
        "millis": pa.array(missing((micros // 1000).tolist()), pa.timestamp("ms")),
        "day": pa.array(missing(draw.integers(-20000, 40000, rows).tolist()), pa.int32()).cast(pa.date32()),
        "clock": pa.array(missing(draw.integers(0, 86_400, rows).tolist()), pa.int32()).cast(pa.time32("s")),
        "half": pa.array(missing(draw.normal(size=rows).astype(np.float32).tolist()), pa.float32()),
        "flag": pa.array(missing((draw.random(rows) < 0.5).tolist()), pa.bool_()),
        "kind": pa.array(missing(draw.choice(["a", "b,c", "née"], rows).tolist())).dictionary_encode(),
        "empty": pa.nulls(rows, pa.string()),
        "wide": pa.array(missing([f"row {k} " + "x" * int(k % 40) for k in range(rows)]), pa.large_string()),
        "list": pa.array([[1, 2]] * rows),
        "nested": pa.array([{"a": 1}] * rows),
    }
    names = [str(name) for name in draw.permutation(list(columns))[: draw.integers(3, 12)]]
    return pa.table({name: columns[name] for name in ["tiny", *(n for n in names if n != "tiny")]})


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """By seed: types, codec, version of pages, dictionaries and the other encodings."""
    if not path.stem.isdigit() or int(path.stem) % 2 == 0:
        frame.to_parquet(path, index=False)
        return
    seed = int(path.stem)
    table = stored(seed, len(frame))
    encodings = {"big": "DELTA_BINARY_PACKED", "half": "BYTE_STREAM_SPLIT", "wide": "DELTA_BYTE_ARRAY", "tiny": "DELTA_BINARY_PACKED"}
    has_dictionary = seed % 4 == 1
    pq.write_table(
        table,
        path,
        compression=["snappy", "gzip", "zstd", "brotli", "lz4", "none"][seed // 2 % 6],
        data_page_version=["1.0", "2.0"][seed // 4 % 2],
        row_group_size=40,
        use_dictionary=has_dictionary,
        column_encoding=None if has_dictionary else {k: v for k, v in encodings.items() if k in table.column_names},
    )


def read_parquet(path: Path) -> pd.DataFrame:
    table = pq.read_table(path)
    return table.drop_columns([n for n in ("list", "nested") if n in table.column_names]).to_pandas(types_mapper=NULLABLE.get)


def write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        write_parquet(frame, path)
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
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return {"micros": value.value // 1000}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        # JSON readers keep 53 bits.
        return int(value) if abs(int(value)) < 2**53 else str(int(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
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
