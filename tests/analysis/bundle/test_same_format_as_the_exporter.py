"""The service writes and the analysis reads one format: two lists of columns, held together here."""

from analysis.bundle_format import CODEBOOK_KINDS, TABLES
from api.exports.columns import COLUMNS, ITEM_KINDS


def test_both_lists_name_the_same_tables_columns_and_kinds() -> None:
    ours = {name: tuple((c.name, c.kind) for c in columns) for name, columns in TABLES.items()}
    assert ours == COLUMNS


def test_both_read_item_kinds_alike() -> None:
    assert CODEBOOK_KINDS == ITEM_KINDS
