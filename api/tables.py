"""Every table of the house, gathered for migrations: importing this module fills the metadata."""

from __future__ import annotations

from api.assessments.models import Assessment
from api.audit import AuditRecord
from api.dyads.models import Dyad
from api.entries.models import Entry
from api.exports.models import BundleSeed
from api.participants.models import Consent, Device, Invitation, Participant
from api.prompts.models import Plan, Prompt, PushSubscription
from api.protocols.models import PublishedProtocol
from api.quarantine import Quarantined
from api.studies.models import Study
from api.worker_state import Heartbeat

TABLES = (
    Assessment,
    AuditRecord,
    BundleSeed,
    Consent,
    Device,
    Dyad,
    Entry,
    Heartbeat,
    Invitation,
    Participant,
    Plan,
    Prompt,
    PublishedProtocol,
    PushSubscription,
    Quarantined,
    Study,
)
