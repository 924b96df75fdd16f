"""Who may do what: the one table. Guards ask it, the audit trail uses its words."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    ANYONE = "anyone"
    PROFESSIONAL = "professional"
    WORKER = "worker"
    OPERATOR = "operator"


VERBS: dict[Role, frozenset[str]] = {
    Role.ANYONE: frozenset({"health.read", "invitation.look_up", "participant.enrol", "app.open"}),
    Role.PROFESSIONAL: frozenset(
        {
            "participant.read_self",
            "protocol.read",
            "dyad.add",
            "assessment.keep",
            "entry.keep",
            "prompt.read_own",
            "prompt.sight",
            "push.subscribe",
            "push.unsubscribe",
        }
    ),
    Role.WORKER: frozenset({"prompt.deliver", "prompt.expire"}),
    Role.OPERATOR: frozenset(
        {"study.publish", "participant.invite", "bundle.export", "demo.load", "prompt.plan", "store.migrate"}
    ),
}


def may(role: Role, verb: str) -> bool:
    """True when the role's row of the table holds the verb. An unknown verb is a programming error."""
    if not any(verb in verbs for verbs in VERBS.values()):
        raise KeyError(f"no such verb: {verb}")
    return verb in VERBS[role]
