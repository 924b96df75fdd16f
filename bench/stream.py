"""Ten million rows from a Parquet file, never in memory at once: seconds and peak memory of one fit with
slopes.

The floor for time is reading the needed columns once by Arrow; the limit for memory is 4 GB. ``--rows`` sets
the size.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.stream import fit_parquet
from bench.figure import show

FORMULA = "y ~ closeness * emo_w + conflict + week + (1 + emo_w | professional) + (1 + emo_w | dyad)"


def write_rows(path: Path, rows: int, piece: int = 500_000) -> None:
    """Simulated rows in random order, ids as text, 80 rows per dyad."""
    rng = np.random.default_rng(1)
    dyads = max(rows // 80, 40) // 2 * 2
    level2 = rng.standard_normal((2, dyads))
    outer, inner = rng.normal(0, [0.4, 0.15], (dyads // 2, 2)), rng.normal(0, [0.5, 0.2], (dyads, 2))
    writer = None
    for low in range(0, rows, piece):
        count = min(piece, rows - low)
        dyad = rng.integers(0, dyads, count)
        emo = rng.standard_normal(count)
        slope = 0.3 + inner[dyad, 1] + outer[dyad // 2, 1]
        y = 2 + 0.2 * level2[0, dyad] + slope * emo + inner[dyad, 0] + outer[dyad // 2, 0]
        columns = {
            "professional": np.char.add("p", (dyad // 2).astype(str)),
            "dyad": np.char.add("d", dyad.astype(str)),
            "y": y + rng.normal(0, 0.8, count),
            "closeness": level2[0, dyad],
            "conflict": level2[1, dyad],
            "emo_w": emo,
            "week": rng.integers(0, 14, count) / 7,
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def main() -> None:
    """Write, read once, fit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_rows(path, rows)
        began = time.perf_counter()
        for _ in pq.ParquetFile(path).iter_batches(batch_size=400_000):
            pass
        floor = time.perf_counter() - began
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began = time.perf_counter()
        found = fit_parquet(FORMULA, path)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert found.convergence.converged
    figures = [
        ("fit from a file", seconds, "s", floor),
        ("peak memory of a fit from a file", peak, "MB", before),
    ]
    for name, value, unit, least in figures:
        show(name, value, unit, floor=least, n=rows)


if __name__ == "__main__":
    main()
