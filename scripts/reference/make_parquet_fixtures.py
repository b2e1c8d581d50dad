"""Parquet files of every compression that pyarrow writes, and JSON Lines of Zstandard, for src/data/compression.test.ts.

Needs pyarrow. Run from the repository's root: python scripts/reference/make_parquet_fixtures.py
"""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path("test/fixtures/data")
OUT.mkdir(parents=True, exist_ok=True)
ROWS = 40

table = pa.table(
    {
        "id": pa.array([2**60 + i for i in range(ROWS)], pa.int64()),
        "messages": [
            [
                {"role": "user", "content": f"question {i} " * 5, "weight": None},
                {"role": "assistant", "content": f"answer {i}", "weight": i % 2},
            ]
            for i in range(ROWS)
        ],
    }
)
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, OUT / f"{codec}.parquet", compression=codec, row_group_size=16)
# Pages of version 2 compress only their values.
pq.write_table(table, OUT / "zstd-v2.parquet", compression="zstd", data_page_version="2.0")

lines = "".join(f'{{"prompt": "question {i}", "completion": "answer {i}"}}\n' for i in range(2000))
(OUT / "lines.jsonl.zst").write_bytes(pa.Codec("zstd").compress(lines.encode(), asbytes=True))
