"""Reading bundles: a zip from `dyade export` or `dyade-analysis simulate` becomes typed data frames, or a
plain refusal."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.bundle_format import CODEBOOK_KINDS, FORMAT, FORMAT_VERSION, TABLES, WITH_ITEMS, Kind


class BundleError(ValueError):
    """A bundle that cannot be used; the message is one plain sentence and what to do."""


@dataclass(frozen=True)
class Bundle:
    """A study's data at one moment.

    about: bundle.json; sha256: hash of the whole file; tables: a frame per table of `bundle_format.TABLES`;
    scales: how items make scores ({"table", "scale", "items", "method", "at_least"}); protocols: text per
    version; simulation: the simulator's parameters, or None when nobody in it is simulated.
    """

    about: Mapping[str, Any]
    sha256: str
    tables: Mapping[str, pd.DataFrame]
    scales: tuple[Mapping[str, Any], ...]
    protocols: Mapping[int, str]
    simulation: Mapping[str, Any] | None

    @property
    def codebook(self) -> pd.DataFrame:
        """One row per variable; columns as in `bundle_format.TABLES["codebook"]`."""
        return self.tables["codebook"]

    @property
    def title(self) -> str:
        """The study's title, in English where it has several."""
        title = self.about.get("title") or self.about.get("study") or "Diary study"
        return str(title.get("en") or next(iter(title.values()), "")) if isinstance(title, dict) else str(title)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]


def read_bundle(path: str | Path) -> Bundle:
    """Read and check a bundle. Raises BundleError in one plain sentence when it is unreadable, altered or too
    new."""
    raw = _bytes(Path(path))
    files = _files(raw, Path(path).name)
    about = _json(files, "bundle.json")
    _check_format(about)
    _check_sums(files, about)
    codebook_json = _json(files, "codebook.json")
    codebook = _table(files, "codebook", {})
    tables = {name: _table(files, name, _item_kinds(codebook, name)) for name in TABLES if name != "codebook"}
    tables["codebook"] = codebook
    _check_entries(tables)
    return Bundle(
        about=about,
        sha256=hashlib.sha256(raw).hexdigest(),
        tables=tables,
        scales=tuple(codebook_json.get("scales", [])),
        protocols=_protocols(files),
        simulation=_json(files, "simulation.json") if "simulation.json" in files else None,
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({error.strerror}). Check the file name and that you may open it."
        ) from None


def _files(raw: bytes, name: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise BundleError(f"{name} holds {twice[0]} twice, so it is unclear which one counts. Export it again.")
            return {n: archive.read(n) for n in names}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        raise BundleError(f"{name} is not a zip file, or it is damaged. Export the bundle again.") from None


def _json(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    if name not in files:
        raise BundleError(f"The file {name} is missing, so this is not a whole bundle. Export the bundle again.")
    try:
        document = json.loads(files[name])
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BundleError(f"The file {name} in the bundle cannot be read. Export the bundle again.")
    return document


def _check_format(about: Mapping[str, Any]) -> None:
    if about.get("format") != FORMAT:
        raise BundleError(
            "This zip is not a Dyade bundle (bundle.json says otherwise). Use a file from `dyade export`."
        )
    version = about.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise BundleError("bundle.json does not say which format version this is. Export the bundle again.")
    if version > FORMAT_VERSION:
        raise BundleError(
            f"This bundle has format version {version}; this program reads up to {FORMAT_VERSION}. Update the program."
        )


def _check_sums(files: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    """Every file named in checksums.txt must be there unaltered, and every CSV must be named."""
    if "checksums.txt" not in files:
        raise BundleError("The file checksums.txt is missing, so nothing can be checked. Export the bundle again.")
    sums: dict[str, str] = {}
    for line in files["checksums.txt"].decode("utf-8", "replace").splitlines():
        digest, _, name = line.strip().partition(" ")
        if name:
            sums[name.strip().lstrip("*")] = digest.lower()
    for table in TABLES:
        name = f"{table}.csv"
        if name not in files:
            raise BundleError(f"The table {name} is missing from the bundle. Export the bundle again.")
        promised = about.get("tables", {}).get(table, {}).get("sha256_csv")
        if name not in sums or promised not in (None, sums[name]):
            raise BundleError(f"The checksum of {name} is missing or contradicts bundle.json. Export the bundle again.")
    for name, digest in sums.items():
        if name not in files:
            raise BundleError(f"The file {name} is missing from the bundle. Export the bundle again.")
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise BundleError(f"{name} was altered after the export (wrong checksum). Use the original bundle.")


def _item_kinds(codebook: pd.DataFrame, table: str) -> dict[str, Kind]:
    if table not in WITH_ITEMS:
        return {}
    mine = codebook[codebook["table"] == table]
    strange = mine[~mine["type"].isin(list(CODEBOOK_KINDS))]
    if len(strange):
        variable, kind = strange.iloc[0]["variable"], strange.iloc[0]["type"]
        raise BundleError(f"The codebook calls {variable} a {kind}, which this program does not know. Update it.")
    return {
        str(row.variable): CODEBOOK_KINDS[str(row.type)]
        for row in mine.itertuples()
        if str(row.variable) not in {c.name for c in TABLES[table]}
    }


def _table(files: Mapping[str, bytes], name: str, items: Mapping[str, Kind]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(io.BytesIO(files[f"{name}.csv"]), dtype="string", keep_default_na=False, na_values=[""])
    except ValueError as error:
        raise BundleError(f"The table {name}.csv cannot be read: {error}. Export the bundle again.") from None
    kinds: dict[str, Kind] = {c.name: c.kind for c in TABLES[name]} | dict(items)
    missing = [column for column in kinds if column not in frame.columns]
    if missing:
        raise BundleError(f"{name}.csv lacks the column {', '.join(missing)}. Export the bundle again.")
    for column, kind in kinds.items():
        try:
            frame[column] = _typed(frame[column], kind)
        except (ValueError, TypeError):
            raise BundleError(
                f"{name}.csv: the column {column} holds a value that is no {kind}. Export it again."
            ) from None
    return frame


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "flag":
        known = values.str.lower().map({"true": True, "false": False})
        if (known.isna() & values.notna()).any():
            raise ValueError("neither true nor false")
        return known.astype("boolean")
    if kind == "integer":
        return pd.to_numeric(values).astype("Int64")
    if kind == "number":
        return pd.to_numeric(values).astype("Float64")
    if kind == "instant":
        return pd.to_datetime(values, utc=True, format="ISO8601")
    if kind == "date":
        return pd.to_datetime(values, format="%Y-%m-%d")
    return values


def _check_entries(tables: Mapping[str, pd.DataFrame]) -> None:
    for table in ("professionals", "dyads", "prompts", "entries", "assessments"):
        key = TABLES[table][0].name
        twice = tables[table][key][tables[table][key].duplicated()]
        if len(twice):
            raise BundleError(
                f"{table}.csv holds the {key} {twice.iloc[0]} more than once. Export the bundle again, "
                "and tell the people who run the study if it stays."
            )


def _protocols(files: Mapping[str, bytes]) -> dict[int, str]:
    found = {}
    for name, body in files.items():
        number = name.removeprefix("protocol-v").removesuffix(".yaml")
        if name.startswith("protocol-v") and number.isdigit():
            found[int(number)] = body.decode("utf-8")
    return found
