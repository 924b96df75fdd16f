"""One table as CSV and as Parquet, from the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from api.clock import iso
from api.exports.columns import ARROW

Columns = Sequence[tuple[str, str]]
# A spreadsheet takes a cell that starts so for a formula; an apostrophe makes it text again.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class TableFiles:
    """A table's two files, and its columns for a last look."""

    csv: bytes
    parquet: bytes
    arrow: pa.Table

    @property
    def rows(self) -> int:
        return int(self.arrow.num_rows)

    def column(self, name: str) -> list[Any]:
        return list(self.arrow.column(name).to_pylist())


def table_files(columns: Columns, rows: Sequence[dict[str, Any]]) -> TableFiles:
    """Write rows as CSV (UTF-8, empty for missing) and Parquet. Columns not named are left out."""
    arrays = [pa.array([row.get(name) for row in rows], type=ARROW[kind]) for name, kind in columns]
    arrow = pa.Table.from_arrays(arrays, schema=pa.schema([(name, ARROW[kind]) for name, kind in columns]))
    parquet = io.BytesIO()
    pq.write_table(arrow, parquet, compression="zstd")
    return TableFiles(_csv(columns, rows), parquet.getvalue(), arrow)


def _csv(columns: Columns, rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    # As RFC 4180 has it; with it the writer also quotes a cell that holds a bare carriage return.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([name for name, _ in columns])
    writer.writerows([_cell(row.get(name), kind) for name, kind in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "flag":
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    written = str(value)
    return f"'{written}" if kind == "text" and written.startswith(FORMULA_STARTS) else written
