"""The package reads as Python 3.11, the oldest it promises, and compiles without a warning."""

import ast
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = sorted(path for folder in ("analysis", "bench") for path in (ROOT / folder).rglob("*.py"))


def test_there_is_something_to_read():
    assert len(SOURCES) > 60


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_reads_as_the_oldest_python(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 11))
        compile(tree, str(path), "exec")
