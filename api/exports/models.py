"""What links a bundle's ids to the study's own: kept apart from everything else, in the keys store."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from api.db import Instant, KeysTable


class BundleSeed(KeysTable, table=True):
    __tablename__ = "bundle_seed"

    bundle_id: str = Field(primary_key=True, max_length=32)
    study_id: str = Field(index=True, max_length=32)
    seed: str = Field(max_length=64)
    made_at: datetime = Field(sa_type=Instant)
