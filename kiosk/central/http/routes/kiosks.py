# SPDX-License-Identifier: Apache-2.0
"""A kiosk comes in, says who it is, and goes out of service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from kiosk.central.fleet import assertions, enrolling, kiosks, nonces
from kiosk.central.http import forms
from kiosk.central.http.problems import refusals
from kiosk.central.http.routes.dependencies import (
    Authenticated,
    Central,
    authenticated_router,
    open_router,
)
from kiosk.contract.enrolment import (
    AccessToken,
    EnrolmentRequest,
    EnrolmentResponse,
    Nonce,
    RetirementResponse,
    TokenRequest,
)
from kiosk.contract.messages import (
    Health,
    ProblemType,
)

router = authenticated_router()
anybody = open_router()
_P = ProblemType


@anybody.get("/health")
def health(services: Central) -> Health:
    """The service answers, and whose it is. For anybody."""
    return Health(central=services.name)


@anybody.get("/nonce")
def nonce(services: Central) -> Nonce:
    """What an enrolment or an assertion has to carry to be a fresh one. For anybody."""
    return nonces.issue(services)


@anybody.post("/enrolments", responses=refusals(_P.ENROLMENT_REFUSED))
def enrol(services: Central, asked: EnrolmentRequest) -> EnrolmentResponse:
    """Have a device be a kiosk, by a one-time token; again with the same key, the same answer."""
    return enrolling.enrol(services, asked)


@anybody.post("/token", openapi_extra=forms.DESCRIPTION, responses=refusals(_P.NOT_AUTHENTICATED))
def token(
    services: Central, asked: Annotated[TokenRequest, Depends(forms.ask_token)]
) -> AccessToken:
    """Have an access token for an assertion (RFC 7523): it says who the kiosk is, once."""
    return assertions.give_token(services, asked)


@router.post("/retirement", responses=refusals(_P.OUT_OF_ORDER))
def retire(services: Central, caller: Authenticated) -> RetirementResponse:
    """Go out of service, as the RA wants it: nothing is left to be reported."""
    return kiosks.retire(services, caller)
