"""Columns of a pandas, polars or Arrow frame as numpy arrays and group codes, with missing values kept
visible."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """A column of labels: ``codes`` (n,) into ``levels``, -1 where missing. Levels stand in the order of the
    column's own categories when it has them, else in order of first appearance."""

    codes: Codes
    encoded: Any
    ordered: bool = False

    @cached_property
    def levels(self) -> list[Any]:
        """The distinct labels, as Python values."""
        return list(self.encoded.to_pylist())


def label_text(label: Any) -> str:
    """A label as text; whole floats as whole numbers, since ids become floats where one of them is missing."""
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label)) if whole else str(label)


def like(name: str, names: Sequence[str]) -> str:
    """A sentence, with a space before it, naming the columns nearest to ``name``; empty when none is near."""
    alike = get_close_matches(name, names, n=3)
    begins = [other for other in names if other.lower().startswith(name.lower()[:3])]
    near = list(dict.fromkeys([*alike, *begins]))[:5]
    return f" Columns that look like it: {', '.join(near)}." if near else ""


class Table:
    """A frame seen as named columns. ``source`` may be a pandas or polars frame, an Arrow table or a dict of
    arrays."""

    def __init__(self, source: Any) -> None:
        if isinstance(source, pl.LazyFrame):
            source = source.collect()
        if isinstance(source, dict):
            source = pd.DataFrame(source)
        if not isinstance(source, pd.DataFrame | pl.DataFrame | pa.Table):
            raise ValueError(f"fit() needs a pandas or polars frame; got {type(source).__name__}.")
        self.source = source
        self.names = [str(name) for name in (source.column_names if isinstance(source, pa.Table) else source.columns)]
        self.height = source.num_rows if isinstance(source, pa.Table) else len(source)

    def require(self, name: str, role: str = "term") -> None:
        """Raise ``ValueError`` when there is no such column, naming the nearest ones."""
        if name not in self.names:
            raise ValueError(f"The {role} '{name}' names no column of the frame.{like(name, self.names)}")
        if self.names.count(name) > 1:
            raise ValueError(f"The frame has {self.names.count(name)} columns named '{name}'; rename all but one.")

    def is_numeric(self, name: str) -> bool:
        """Whether the column holds numbers or truth values (dates and labels are neither)."""
        kind = self.arrow_type(name)
        return bool(
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_decimal(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_null(kind)
        )

    def arrow_type(self, name: str) -> Any:
        """The Arrow type of a column, without converting it when that can be told from the frame."""
        if isinstance(self.source, pd.DataFrame):
            kind = self.source[name].dtype
            if isinstance(kind, np.dtype) and kind.kind in "iufb":
                return pa.from_numpy_dtype(kind)
        return self.arrow(name).type

    def numbers(self, name: str) -> Array:
        """The column as float64 (n,), NaN where missing; copied only when it is not float64 already."""
        if isinstance(self.source, pd.DataFrame):
            kind = self.source[name].dtype
            if isinstance(kind, np.dtype) and kind.kind in "iufb":
                return np.asarray(self.source[name].to_numpy(), dtype=np.float64)
        if isinstance(self.source, pl.DataFrame):
            column = self.source[name].cast(pl.Float64)
            return np.asarray(column.to_numpy(), dtype=np.float64)
        array = self.arrow(name).cast(pa.float64())
        return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)

    def labels(self, name: str) -> Labels:
        """The column as codes and levels, whatever its type."""
        array = self._mixed_as_text(name) if self._is_mixed(name) else self.arrow(name)
        ordered = False
        if pa.types.is_dictionary(array.type):
            ordered = bool(array.type.ordered) or isinstance(self.source, pd.DataFrame)
        else:
            array = array.dictionary_encode()
        indices = array.indices
        if indices.null_count:
            indices = indices.fill_null(-1)
        codes = np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int64)
        return Labels(codes, array.dictionary, ordered)

    def arrow(self, name: str) -> Any:
        """The column as one Arrow array; NaN and None become nulls."""
        if isinstance(self.source, pd.DataFrame):
            if self._is_mixed(name):
                raise ValueError(f"'{name}' mixes text and numbers; make it one or the other.")
            array = pa.array(self.source[name], from_pandas=True)
        elif isinstance(self.source, pl.DataFrame):
            array = self.source[name].to_arrow()
        else:
            array = self.source[name]
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
            if isinstance(array, pa.ChunkedArray):
                array = array.chunk(0)
        if pa.types.is_floating(array.type) and isinstance(self.source, pl.DataFrame):
            array = pa.array(array.to_numpy(zero_copy_only=False), from_pandas=True)
        return array

    def _is_mixed(self, name: str) -> bool:
        """Whether a pandas column of objects holds text beside something else."""
        if not isinstance(self.source, pd.DataFrame) or self.source[name].dtype != object:
            return False
        return pd.api.types.infer_dtype(self.source[name], skipna=True) in ("mixed", "mixed-integer")

    def _mixed_as_text(self, name: str) -> Any:
        values = pd.Series(self.source[name])
        return pa.array([None if gone else label_text(one) for one, gone in zip(values, values.isna(), strict=True)])
