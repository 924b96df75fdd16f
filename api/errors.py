"""Every refusal the service can give, as one tree.

DyadeError
├── NotSignedIn               401  no valid device token
├── NotFound                  404  not there, or not yours: one answer for both
│   └── InvitationUnusable    404  unknown, used or expired: one answer for all three
├── NotAllowed                403  yours to see, not yours to change
├── Refused                   409  well-formed, but the study's rules do not allow it now
├── Malformed                 422  the request is not of the described form
│   ├── ConsentMismatch       422  the agreed text is not the study's current text
│   └── PushEndpointRefused   422  the address is not a push service's
├── TooLarge                  413  over the size limit
├── ProtocolWrong             422  a protocol document with its list of mistakes
└── SettingsWrong             500  the operator's settings do not fit together
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """One thing that is wrong, and where."""

    path: str
    problem: str


class ErrorBody(BaseModel):
    """What every refusal looks like on the wire."""

    code: str
    sentence: str
    problems: list[Problem] = []


class DyadeError(Exception):
    status = 500
    code = "error"
    sentence = "Something went wrong on our side. Nothing you sent is lost; please try again."

    def __init__(self, sentence: str | None = None, problems: Sequence[Problem] = ()) -> None:
        self.sentence = sentence or type(self).sentence
        self.problems = list(problems)
        super().__init__(self.sentence)

    def body(self) -> dict[str, Any]:
        return ErrorBody(code=self.code, sentence=self.sentence, problems=self.problems).model_dump()


class NotSignedIn(DyadeError):
    status, code = 401, "not_signed_in"
    sentence = "This phone is not joined to a study, or no longer."


class NotFound(DyadeError):
    status, code = 404, "not_found"
    sentence = "There is nothing here for you."


class InvitationUnusable(NotFound):
    code = "invitation_unusable"
    sentence = "This invitation cannot be used. Ask the study team for a new one."


class NotAllowed(DyadeError):
    status, code = 403, "not_allowed"
    sentence = "You may see this, but not change it."


class Refused(DyadeError):
    status, code = 409, "refused"
    sentence = "The study does not allow this now."


class DyadsFull(Refused):
    code = "dyads_full"
    sentence = "You already have as many as this study asks about."


class Malformed(DyadeError):
    status, code = 422, "malformed"
    sentence = "The request does not have the form this address expects."


class ConsentMismatch(Malformed):
    code = "consent_mismatch"
    sentence = "The text you agreed to is not the study's current text. Please read it again."


class PushEndpointRefused(Malformed):
    code = "push_endpoint_refused"
    sentence = "This address does not belong to a push service we know, so no notifications can be sent to it."


class TooLarge(DyadeError):
    status, code = 413, "too_large"
    sentence = "This is more than one request may hold (256 KiB)."


class ProtocolWrong(DyadeError):
    status, code = 422, "protocol_wrong"
    sentence = "The protocol has mistakes; nothing was published."


class SettingsWrong(DyadeError):
    status, code = 500, "settings_wrong"
    sentence = "The settings do not fit together."
