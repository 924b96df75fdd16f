"""Reading bundles: first every refusal, then what is written comes back."""

import hashlib
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from analysis.bundle import Bundle, BundleError, read_bundle
from analysis.bundle_format import TABLES
from analysis.bundle_write import write_bundle
from analysis.simulate import simulate_cohort
from analysis.simulate.as_bundle import write_simulated_bundle


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "whole.zip"
    write_simulated_bundle(path, simulate_cohort(professionals=4, days=5, seed=2))
    return path


def changed(whole: Path, to: Path, changes: dict[str, bytes | None], *, mend: bool = False) -> Path:
    """A copy with files replaced (or left out: None); `mend` writes fitting checksums."""
    with zipfile.ZipFile(whole) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name, body in changes.items():
        files.pop(name, None)
        if body is not None:
            files[name] = body
    if mend:
        about = json.loads(files["bundle.json"])
        for table, entry in about["tables"].items():
            entry["sha256_csv"] = hashlib.sha256(files[f"{table}.csv"]).hexdigest()
        files["bundle.json"] = json.dumps(about).encode()
        named = sorted(set(files) - {"checksums.txt"})
        files["checksums.txt"] = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in named).encode()
    path = to / "changed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def file_in(whole: Path, name: str) -> bytes:
    with zipfile.ZipFile(whole) as archive:
        return archive.read(name)


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as refused:
        read_bundle(path)
    sentence = str(refused.value)
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence
    return sentence


def test_it_refuses_what_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "nothing.zip")


@pytest.mark.parametrize("body", [b"", b"hello", b"PK\x03\x04 cut off"])
def test_it_refuses_what_is_no_zip(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(body)
    assert "not a zip file" in refusal(path)


def test_it_refuses_a_truncated_bundle(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "half.zip"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "not a zip file" in refusal(path)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_it_refuses_a_missing_table(tmp_path: Path, whole: Path, table: str) -> None:
    assert f"{table}.csv" in refusal(changed(whole, tmp_path, {f"{table}.csv": None}))


@pytest.mark.parametrize("name", ["bundle.json", "codebook.json", "checksums.txt", "entries.parquet"])
def test_it_refuses_a_missing_file(tmp_path: Path, whole: Path, name: str) -> None:
    assert name in refusal(changed(whole, tmp_path, {name: None}))


@pytest.mark.parametrize("name", ["entries.csv", "prompts.parquet", "simulation.json"])
def test_it_refuses_an_altered_file(tmp_path: Path, whole: Path, name: str) -> None:
    altered = changed(whole, tmp_path, {name: file_in(whole, name) + b"\n"})
    assert "wrong checksum" in refusal(altered) and name in refusal(altered)


def test_it_refuses_a_newer_format(tmp_path: Path, whole: Path) -> None:
    about = json.loads(file_in(whole, "bundle.json")) | {"format_version": 2}
    assert "Update" in refusal(changed(whole, tmp_path, {"bundle.json": json.dumps(about).encode()}))


def test_it_refuses_another_kind_of_zip(tmp_path: Path, whole: Path) -> None:
    assert "not a Dyade bundle" in refusal(changed(whole, tmp_path, {"bundle.json": b'{"format": "other"}'}))


def test_it_refuses_a_table_twice(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "twice.zip"
    path.write_bytes(whole.read_bytes())
    with pytest.warns(UserWarning), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("entries.csv", b"x")
    assert "twice" in refusal(path)


def test_it_refuses_the_same_entry_twice(tmp_path: Path, whole: Path) -> None:
    csv = file_in(whole, "entries.csv")
    doubled = csv + csv.splitlines(keepends=True)[1]
    sentence = refusal(changed(whole, tmp_path, {"entries.csv": doubled}, mend=True))
    assert "entries.csv" in sentence and "more than once" in sentence


def test_it_refuses_a_missing_column(tmp_path: Path, whole: Path) -> None:
    csv = file_in(whole, "prompts.csv").replace(b"due_at", b"due_when", 1)
    assert "due_at" in refusal(changed(whole, tmp_path, {"prompts.csv": csv}, mend=True))


def test_it_refuses_a_kind_of_question_it_does_not_know(tmp_path: Path, whole: Path) -> None:
    csv = file_in(whole, "codebook.csv").replace(b"entries,anger,scale", b"entries,anger,dial", 1)
    assert "anger a dial" in refusal(changed(whole, tmp_path, {"codebook.csv": csv}, mend=True))


def test_it_refuses_a_value_of_the_wrong_kind(tmp_path: Path, whole: Path) -> None:
    csv = file_in(whole, "professionals.csv").replace(b"true", b"perhaps", 1)
    assert "simulated" in refusal(changed(whole, tmp_path, {"professionals.csv": csv}, mend=True))


def test_it_reads_every_table_with_its_kinds(whole: Path) -> None:
    bundle: Bundle = read_bundle(whole)
    assert set(bundle.tables) == set(TABLES)
    for name, columns in TABLES.items():
        assert [c.name for c in columns] == list(bundle[name].columns[: len(columns)])
    assert str(bundle["prompts"]["due_at"].dt.tz) == "UTC"
    assert bundle["professionals"]["simulated"].all()
    assert bundle["entries"]["happened"].dtype == "boolean" and bundle["entries"]["anger"].dtype == "Int64"
    assert bundle.sha256 == hashlib.sha256(whole.read_bytes()).hexdigest()
    assert bundle.simulation is not None and bundle.simulation["seed"] == 2
    assert "instruments:\n  relationship-short:" in bundle.protocols[1]


def test_csv_and_parquet_hold_the_same(whole: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(tmp_path)
    bundle = read_bundle(whole)
    for name in TABLES:
        parquet = pd.read_parquet(tmp_path / f"{name}.parquet")
        for column in parquet.columns:
            left, right = parquet[column].astype("string"), bundle[name][column].astype("string")
            if column.endswith("_on"):
                right = right.str[:10]
            if column.endswith("_at"):
                left, right = parquet[column].dt.floor("ms"), bundle[name][column]
                assert ((left - right).dropna().abs() < pd.Timedelta("1ms")).all()
                continue
            pd.testing.assert_series_equal(left, right, check_names=False, obj=f"{name}.{column}")


def test_what_is_read_can_be_written_again(whole: Path, tmp_path: Path) -> None:
    bundle = read_bundle(whole)
    about = {
        k: v for k, v in bundle.about.items() if k not in ("format", "format_version", "tables", "protocol_versions")
    }
    again = tmp_path / "again.zip"
    write_bundle(
        again,
        bundle.tables,
        about=about,
        scales=bundle.scales,
        protocols=bundle.protocols,
        simulation=bundle.simulation,
    )
    for name in TABLES:
        assert file_in(again, f"{name}.csv") == file_in(whole, f"{name}.csv"), name


def test_the_same_cohort_gives_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    write_simulated_bundle(tmp_path / "b.zip", simulate_cohort(professionals=4, days=5, seed=2))
    assert (tmp_path / "b.zip").read_bytes() == whole.read_bytes()


def test_writing_refuses_an_unknown_table_or_missing_column(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="wishes"):
        write_bundle(tmp_path / "x.zip", {"wishes": pd.DataFrame()}, about={}, scales=[], protocols={})
    with pytest.raises(ValueError, match="variable"):
        write_bundle(tmp_path / "x.zip", {"codebook": pd.DataFrame({"table": []})}, about={}, scales=[], protocols={})
