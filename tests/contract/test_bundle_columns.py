"""The service writes the columns that the analysis reads: same tables, same names, same order, same kinds."""

from __future__ import annotations

from pathlib import Path

from analysis.bundle_format import FORMAT, FORMAT_VERSION, TABLES
from api.exports import columns
from api.exports import write as writing


def test_both_sides_have_the_same_tables_and_columns() -> None:
    read = {table: tuple((column.name, column.kind) for column in named) for table, named in TABLES.items()}
    assert read == columns.COLUMNS


def test_both_sides_name_the_same_format() -> None:
    source = Path(writing.__file__).read_text(encoding="utf-8")
    assert f'"format": "{FORMAT}"' in source
    assert f'"format_version": {FORMAT_VERSION}' in source
