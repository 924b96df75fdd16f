"""Writing bundles from data frames, byte for byte the same for the same content."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.bundle_format import CODEBOOK_KINDS, FORMAT, FORMAT_VERSION, TABLES, WITH_ITEMS, Kind

_README = """This is a Dyade bundle: everything a study collected, at one moment.

Each table comes as CSV (UTF-8; an empty cell is a missing value; instants are UTC) and as Parquet.
codebook.csv says what each variable means; codebook.json also says how items make scale scores.
The protocol files hold the questions as they were asked. checksums.txt lets you check that nothing was
altered (sha256sum -c checksums.txt). Ids were made for this bundle only.
"""


def write_bundle(
    path: str | Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    about: Mapping[str, Any],
    scales: Sequence[Mapping[str, Any]],
    protocols: Mapping[int, str],
    simulation: Mapping[str, Any] | None = None,
) -> None:
    """Write a bundle.

    tables: a frame per table of `bundle_format.TABLES`; a table that is left out is written empty.
    about: study, title, made_at, simulated ("all", "some" or "none") and dyade_version, as bundle.json keeps
    them. Raises ValueError naming a table or column that the format does not know or that is missing.
    """
    _check(tables)
    files: dict[str, bytes] = {}
    counts: dict[str, Any] = {}
    codebook = tables["codebook"]
    for name in TABLES:
        frame = _ordered(name, tables.get(name), codebook)
        csv = _csv(frame)
        files[f"{name}.csv"] = csv
        files[f"{name}.parquet"] = _parquet(frame)
        counts[name] = {"rows": len(frame), "sha256_csv": hashlib.sha256(csv).hexdigest()}
    files["bundle.json"] = _json({
        "format": FORMAT, "format_version": FORMAT_VERSION, **about,
        "protocol_versions": sorted(protocols), "tables": counts,
    })  # fmt: skip
    files["codebook.json"] = _json({"variables": _records(codebook), "scales": list(scales)})
    files["README.txt"] = _README.encode()
    for version, text in protocols.items():
        files[f"protocol-v{version}.yaml"] = text.encode()
    if simulation is not None:
        files["simulation.json"] = _json(simulation)
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    files["checksums.txt"] = sums.encode()
    Path(path).write_bytes(_zip(files))


def _check(tables: Mapping[str, pd.DataFrame]) -> None:
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        raise ValueError(f"A bundle has no table called {', '.join(unknown)}.")
    if "codebook" not in tables:
        raise ValueError("A bundle needs a codebook.")
    for name, frame in tables.items():
        missing = [c.name for c in TABLES[name] if c.name not in frame.columns]
        if missing:
            raise ValueError(f"The table {name} lacks the column {', '.join(missing)}.")


def _ordered(name: str, frame: pd.DataFrame | None, codebook: pd.DataFrame) -> pd.DataFrame:
    """The table's columns in the format's order with fitting types, its items after them, rows sorted by
    their id."""
    kinds: dict[str, Kind] = {c.name: c.kind for c in TABLES[name]}
    if name in WITH_ITEMS:
        for row in codebook[codebook["table"] == name].itertuples():
            kinds.setdefault(str(row.variable), CODEBOOK_KINDS.get(str(row.type), "text"))
    if frame is None:
        frame = pd.DataFrame({column: pd.Series([], dtype=object) for column in kinds})
    typed = pd.DataFrame({column: _typed(frame[column], kind) for column, kind in kinds.items()})
    if name == "codebook":
        return typed.reset_index(drop=True)
    return typed.sort_values(TABLES[name][0].name, kind="stable").reset_index(drop=True)


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "flag":
        return values.astype("boolean")
    if kind == "integer":
        return values.astype("Int64")
    if kind == "number":
        return values.astype("Float64")
    if kind == "instant":
        return pd.to_datetime(values, utc=True)
    if kind == "json":
        return values.map(lambda v: _compact(v) if isinstance(v, dict | list) else v).astype("string")
    if kind == "date" and pd.api.types.is_datetime64_any_dtype(values):
        text: pd.Series = values.dt.strftime("%Y-%m-%d").astype("string")
        return text
    return values.astype("string")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _csv(frame: pd.DataFrame) -> bytes:
    out = frame.copy()
    for column in out.columns:
        if isinstance(out[column].dtype, pd.DatetimeTZDtype):
            text = out[column].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z"
            out[column] = text.astype("string")
        elif isinstance(out[column].dtype, pd.BooleanDtype):
            out[column] = out[column].map({True: "true", False: "false"}).astype("string")
    return bytes(out.to_csv(index=False, lineterminator="\n").encode())


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _records(codebook: pd.DataFrame) -> list[dict[str, Any]]:
    records = []
    for row in codebook.to_dict("records"):
        for column in ("values", "show_if"):
            if isinstance(row[column], str):
                row[column] = json.loads(row[column])
        records.append({str(k): (None if not isinstance(v, list | dict) and pd.isna(v) else v) for k, v in row.items()})
    return records


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Sorted names and one fixed time stamp, so that the same content gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
