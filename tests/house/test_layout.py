"""The house rules that a machine can check: sizes, names, who reads the clock, who is guarded."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.auth.secrets import bearer_token
from api.main import ROUTERS
from api.participants.access import me_for_reading, me_for_writing
from api.verbs import VERBS, Role

ROOT = Path(__file__).resolve().parent.parent.parent
BANNED = set("service services manager helper helpers util utils handler processor data info".split())  # noqa: SIM905
MOST_LINES, MOST_IN_FUNCTION = 300, 50
CLOCK_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("datetime", "today"), ("time", "time")}
# What anyone may do, by route: the walk below finds each of these without a guard, and no other.
OPEN_ROUTES = {
    ("GET", "/api/v1/health"): "health.read",
    ("POST", "/api/v1/invitations/lookup"): "invitation.look_up",
    ("POST", "/api/v1/enrolments"): "participant.enrol",
}
GUARDS = {bearer_token, me_for_reading, me_for_writing}


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found
    return found


def test_no_package_marks_where_they_would_shadow_a_package() -> None:
    assert not list((ROOT / "alembic").rglob("__init__.py"))
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_imports_go_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["api", "analysis", "tests", "bench"])
def test_files_and_functions_are_small(folder: str) -> None:
    if not (ROOT / folder).exists():
        return
    too_long = []
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        # A test file is a list of cases, and may be longer than a file that answers one question.
        if len(text.splitlines()) > MOST_LINES * (2 if folder == "tests" else 1):
            too_long.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_IN_FUNCTION:
                    too_long.append(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    assert not too_long, too_long


def test_no_module_has_a_name_without_a_limit() -> None:
    named = [path for path in sources("api", "analysis") if path.stem in BANNED or path.parent.name in BANNED]
    assert not named


def test_only_the_clock_reads_the_clock() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {call}"
        for path in sources("api")
        if path != ROOT / "api" / "clock.py"
        for line, call in _clock_calls(path)
    ]
    assert not found
    assert list(_clock_calls(ROOT / "api" / "clock.py")), "the search finds what it looks for"


def _clock_calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).rpartition(".")[2]
            if (owner, node.func.attr) in CLOCK_CALLS:
                yield node.lineno, ast.unparse(node.func)


def test_errors_are_ours_and_chance_is_the_systems() -> None:
    found = []
    for path in sources("api"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and node.exc and "HTTPException" in ast.unparse(node.exc):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} raises HTTPException")
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if "random" in names or (isinstance(node, ast.ImportFrom) and node.module == "random"):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} imports random")
    assert not found


def routes() -> Iterator[APIRoute]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield route


def test_every_route_has_a_guard_or_is_known_to_be_open() -> None:
    walked = list(routes())
    assert len(walked) > 10
    unguarded = {
        (method, route.path)
        for route in walked
        for method in route.methods
        if not GUARDS & set(_calls(route.dependant))
    }
    assert unguarded == set(OPEN_ROUTES)
    assert set(OPEN_ROUTES.values()) | {"app.open"} == VERBS[Role.ANYONE]


def _calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
