# SPDX-License-Identifier: Apache-2.0
"""Routes for a kiosk's own life: health check, enrolment, access token, retirement."""

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
    Role,
    TokenRequest,
)
from kiosk.contract.messages import (
    Health,
    ProblemType,
)

router = authenticated_router(roles=tuple(Role))  # a retirement is a kiosk's last report
anybody = open_router()
_P = ProblemType


@anybody.get("/health")
def health(services: Central) -> Health:
    """Return that the service is up, and its name. Needs no authentication."""
    return Health(central=services.name)


@anybody.get("/nonce")
def nonce(services: Central) -> Nonce:
    """Return a nonce, which makes an enrolment or an assertion fresh. Needs no authentication."""
    return nonces.issue(services)


@anybody.post("/enrolments", responses=refusals(_P.ENROLMENT_REFUSED))
def enrol(services: Central, body: EnrolmentRequest) -> EnrolmentResponse:
    """Enrol a device as a kiosk with a one-time token.

    A retry with the same token and key gets the same answer.
    """
    return enrolling.enrol(services, body)


@anybody.post("/token", openapi_extra=forms.DESCRIPTION, responses=refusals(_P.NOT_AUTHENTICATED))
def token(
    services: Central, body: Annotated[TokenRequest, Depends(forms.ask_token)]
) -> AccessToken:
    """Return an access token for an assertion (RFC 7523), which is good once."""
    return assertions.give_token(services, body)


@router.post("/retirement", responses=refusals(_P.OUT_OF_ORDER))
def retire(services: Central, caller: Authenticated) -> RetirementResponse:
    """Take the kiosk out of service, as the RA wished, once it has nothing left to report."""
    return kiosks.retire(services, caller)
