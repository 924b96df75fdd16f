"""The page on data names every table and column of the format, with its kind and meaning."""

from pathlib import Path

from analysis.bundle_format import TABLES

PAGE = (Path(__file__).parents[3] / "docs" / "data.md").read_text()


def test_every_column_is_documented() -> None:
    for name, columns in TABLES.items():
        section = PAGE.split(f"\n### {name}\n")[1].split("\n##")[0]
        for column in columns:
            assert f"| `{column.name}` | {column.kind} | {column.meaning} |" in section
