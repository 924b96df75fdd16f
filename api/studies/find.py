"""Find a study by the name its people use."""

from __future__ import annotations

from sqlmodel import Session, select

from api.errors import NotFound
from api.studies.models import Study


def study_called(session: Session, slug: str) -> Study:
    """The study with this name. Raises NotFound, naming the studies that are there."""
    study = session.exec(select(Study).where(Study.slug == slug)).one_or_none()
    if study is None:
        known = ", ".join(sorted(session.exec(select(Study.slug)))) or "none yet"
        raise NotFound(f"There is no study called {slug!r}. Studies here: {known}.")
    return study
