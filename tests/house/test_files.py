"""What is committed: locked dependencies, no addresses of registries, links that lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from api.protocols.check import check_file
from api.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent.parent
# Put together here, so that this file does not hold what it looks for.
NAMES = (("pypi", "org"), ("npmjs", "org"), ("pythonhosted", "org"), ("npmjs", "com"))
REGISTRIES = tuple(".".join(parts) for parts in NAMES)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if not names:
        pytest.skip("this is no git checkout, so there are no tracked files to look at")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_dependencies_are_pinned_with_hashes_and_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "http" not in re.sub(r"^(http-ece|httpcore|httptools|httpx)\S*|# .*", "", text, flags=re.MULTILINE)
    assert "--index" not in text
    pinned = re.findall(r"^[a-z][^\n]*?==", text, flags=re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z])", text)
    assert len(pinned) > 30
    without = [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block]
    assert not without


def test_the_phone_apps_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "pwa" / "package-lock.json").read_text(encoding="utf-8"))
    assert len(lock["packages"]) > 10
    resolved = [name for name, package in lock["packages"].items() if "resolved" in package and not package.get("link")]
    assert not resolved
    assert any("integrity" in package for package in lock["packages"].values())


def test_no_committed_file_names_a_registry() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{path.relative_to(ROOT)}: {host}" for host in REGISTRIES if host in text]
    assert not found


def test_every_study_is_without_mistakes() -> None:
    studies = sorted((ROOT / "studies").glob("*.yaml"))
    assert studies
    for path in studies:
        assert check_file(path).study == path.stem


def test_every_setting_is_described() -> None:
    described = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    missing = [PREFIX + name.upper() for name in Settings.model_fields if PREFIX + name.upper() not in described]
    assert not missing
    assert "_FILE" in described


def test_links_in_the_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()
    ]
    assert not broken


def test_the_image_is_built_in_stages_without_root_and_knows_its_health() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^FROM ", text, flags=re.MULTILINE)) >= 2
    users = re.findall(r"^USER (\S+)", text, flags=re.MULTILINE)
    assert users, "an image without USER runs as root"
    assert users[-1].partition(":")[0] not in ("root", "0")
    assert re.search(r"^HEALTHCHECK ", text, flags=re.MULTILINE)


def test_the_image_is_made_by_the_same_steps_as_everything_else() -> None:
    image, make = ((ROOT / name).read_text(encoding="utf-8") for name in ("Dockerfile", "Makefile"))
    for step in ("npm ci", "npm run build", "--require-hashes -r requirements", "--no-deps --no-build-isolation"):
        assert step in image, step
        assert step in make, step
    known = ("npm ci", "npm run build", "pip install", "python -m venv", "useradd")
    steps = [line.removeprefix("RUN ") for line in image.splitlines() if line.startswith("RUN ")]
    assert all(step.startswith(known) for step in steps), "a step that the Makefile does not know"


def test_compose_starts_web_worker_and_database() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert {"web", "worker", "postgres"} <= set(composed["services"])
    secrets = re.findall(r"(?i)password: *['\"]?[a-z0-9]+", (ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert not secrets, "no password stands in the file"
