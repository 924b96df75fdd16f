"""Write a study's bundle: one zip that a researcher can analyse, cite and check, and that names nobody."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlmodel import Session, col

from api import __version__
from api.audit import record
from api.auth.secrets import new_id
from api.clock import iso
from api.db import Stores, transaction
from api.exports.codebook import codebook, item_columns
from api.exports.columns import COLUMNS
from api.exports.ids import BundleIds
from api.exports.models import BundleSeed
from api.exports.rows import READERS, Reading
from api.exports.tables import TableFiles, table_files
from api.exports.words import README
from api.protocols.models import PublishedProtocol
from api.studies.find import study_called
from api.studies.models import Study
from api.verbs import Role

STAMP = (1980, 1, 1, 0, 0, 0)


def write_bundle(stores: Stores, slug: str, output: Path, *, now: datetime, seed: str | None = None) -> dict[str, int]:
    """Write the bundle to `output` and return the number of rows per table.

    The seed of its ids goes to the keys store. The file appears whole or not at all. Raises NotFound.
    """
    bundle_id, seed = new_id(), seed or secrets.token_hex(32)
    with transaction(stores.main) as session:
        study = study_called(session, slug)
        record(session, at=now, role=Role.OPERATOR, verb="bundle.export", study_id=study.id, subject_id=bundle_id)
    with transaction(stores.keys) as session:
        session.add(BundleSeed(bundle_id=bundle_id, study_id=study.id, seed=seed, made_at=now))
    snapshot = stores.main.execution_options(reading=True)
    if stores.main.dialect.name == "postgresql":
        # One picture of the study for all tables, taken without holding anybody up.
        snapshot = snapshot.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.connect() as connection, Session(connection) as session:
        files, counts = _files(session, study, BundleIds(seed), now=now)
    _write_whole(output, files)
    return counts


def _files(session: Session, study: Study, ids: BundleIds, *, now: datetime) -> tuple[dict[str, bytes], dict[str, int]]:
    versions = _versions(session, study)
    documents = [version.document for version in versions]
    variables, scales = codebook(documents)
    reading = Reading(
        connection=session.connection(),
        study_id=study.id,
        ids=ids,
        instrument_versions={name: one["version"] for d in documents for name, one in d["instruments"].items()},
    )
    tables = _tables(reading, variables)
    files: dict[str, bytes] = {}
    for name, table in tables.items():
        files[f"{name}.csv"], files[f"{name}.parquet"] = table.csv, table.parquet
    for version in versions:
        text = yaml.safe_dump(version.document, allow_unicode=True, sort_keys=False, width=110)
        files[f"protocol-v{version.version}.yaml"] = text.encode()
    files["codebook.json"] = _json({"variables": [_opened(row) for row in variables], "scales": scales})
    if study.simulation is not None:
        files["simulation.json"] = _json(study.simulation)
    files["bundle.json"] = _json(_about(study, versions, tables, now=now))
    files["README.txt"] = README.encode()
    files["checksums.txt"] = "".join(
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)
    ).encode()
    return files, {name: table.rows for name, table in tables.items() if name != "codebook"}


def _versions(session: Session, study: Study) -> list[PublishedProtocol]:
    statement = select(PublishedProtocol).where(col(PublishedProtocol.study_id) == study.id)
    return list(session.execute(statement.order_by(col(PublishedProtocol.version))).scalars())


def _tables(reading: Reading, variables: list[dict[str, Any]]) -> dict[str, TableFiles]:
    tables = {}
    for name, read in READERS.items():
        columns = (*COLUMNS[name], *item_columns(variables, name))
        # By their ids, which are keyed hashes: the order tells nobody who came first.
        rows = sorted(read(reading), key=lambda row: row[columns[0][0]])
        tables[name] = table_files(columns, rows)
    tables["codebook"] = table_files(COLUMNS["codebook"], variables)
    return tables


def _about(
    study: Study, versions: list[PublishedProtocol], tables: dict[str, TableFiles], *, now: datetime
) -> dict[str, Any]:
    simulated = tables["professionals"].column("simulated")
    return {
        "format": "dyade-bundle",
        "format_version": 1,
        "study": study.slug,
        "title": study.title,
        "made_at": iso(now),
        "simulated": "none" if not any(simulated) else "all" if all(simulated) else "some",
        "professionals_simulated": sum(map(bool, simulated)),
        "professionals_real": sum(not mark for mark in simulated),
        "protocol_versions": [version.version for version in versions],
        "tables": {
            name: {"rows": table.rows, "sha256_csv": hashlib.sha256(table.csv).hexdigest()}
            for name, table in tables.items()
        },
        "dyade_version": __version__,
    }


def _opened(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in ("values", "show_if") and value else value for name, value in row.items()
    }


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _write_whole(output: Path, files: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, date_time=STAMP)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, files[name])
    output.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(buffer.getvalue())
        Path(beside).replace(output)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
