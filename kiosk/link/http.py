# SPDX-License-Identifier: Apache-2.0
"""Sends one request to central, within limits of time and size, with the project's own errors."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import requests
from pydantic import BaseModel, ValidationError
from urllib3.exceptions import HTTPError

from kiosk.contract import messages as msg
from kiosk.deadline import Deadline
from kiosk.errors import CentralBusy, CentralRefused, CentralUnavailable
from kiosk.link.connection import CONNECT_SECONDS, DeadlineAdapter

_READ_SECONDS = 15.0  # between two pieces of an answer
_WHOLE_SECONDS = 20.0  # from the look-up of the name to the last byte
_LONGEST_ANSWER = 1 << 20
_LONGEST_RETRY_SECONDS = 300
"""The longest wait that central may ask for: a kiosk that waits for a day reports nothing."""
_BUSY = (429, 503)
_Answer = TypeVar("_Answer", bound=BaseModel)


class Http:
    """Sends requests to one address; several threads may use it: each has its own connection.

    `authority` is a PEM file of the certificate authorities for that address. None: the system's.
    """

    def __init__(self, url: str, authority: Path | None = None) -> None:
        self._url, self._authority = url, authority
        self._per_thread = threading.local()

    def ask(
        self,
        method: str,
        path: str,
        answer: type[_Answer],
        body: BaseModel | Mapping[str, str] | None = None,
        token: str | None = None,
        *,
        wait: float = 0.0,
    ) -> _Answer:
        """Send a request and return central's answer.

        A message is sent as JSON, a mapping as a form. `wait` is the number of seconds that central
        may hold the request.

        Raises CentralUnavailable if there is no answer or an unreadable one, CentralBusy if central
        names a time for the next try, and CentralRefused if central refused.
        """
        headers = {"Accept-Encoding": "gzip"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = b""
        if isinstance(body, BaseModel):
            headers["Content-Type"] = "application/json"
            data = body.model_dump_json().encode()
        elif body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            data = urlencode(body).encode()
        try:
            with (
                Deadline(wait + _WHOLE_SECONDS),
                self._session().request(
                    method,
                    self._url + path,
                    data=data,
                    headers=headers,
                    timeout=(CONNECT_SECONDS, wait + _READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                content = _bounded(response)
        # Errors of requests are OSErrors; a name that cannot be encoded is a UnicodeError.
        except (OSError, HTTPError, UnicodeError, zlib.error) as error:
            # Only the kind: the text of an error may carry what was sent.
            raise CentralUnavailable(type(error).__name__) from None
        try:
            if response.status_code >= 400:
                raise _refusal(content, response)
            return answer.model_validate_json(content)
        except ValidationError:
            raise CentralUnavailable(f"answer {response.status_code} not understood") from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._per_thread, "session", None)
        if session is None:
            session = requests.Session()
            # No proxy, no .netrc: the environment must not decide whom a kiosk talks to.
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, DeadlineAdapter())
            session.verify = True if self._authority is None else str(self._authority)
            self._per_thread.session = session
        return session


def _bounded(response: requests.Response) -> bytes:
    """Return the body; unpack it here, because the library would unpack a piece without a limit."""
    packed = response.headers.get("Content-Encoding", "identity")
    if packed not in {"identity", "gzip"}:
        raise requests.RequestException
    gzip = zlib.decompressobj(wbits=31) if packed == "gzip" else None
    content = bytearray()
    for piece in response.raw.stream(512, decode_content=False):
        content += piece if gzip is None else gzip.decompress(piece, _LONGEST_ANSWER)
        too_long = len(content) > _LONGEST_ANSWER or (gzip and gzip.unconsumed_tail)
        if too_long:
            raise requests.RequestException
    if gzip is not None and (not gzip.eof or gzip.unused_data):
        raise requests.RequestException
    return bytes(content)


def _refusal(content: bytes, response: requests.Response) -> CentralRefused | CentralUnavailable:
    status = response.status_code
    if status in _BUSY and (busy := _busy(content, response)) is not None:
        return busy
    problem = msg.Problem.model_validate_json(content)
    if status >= 500:
        return CentralUnavailable(f"answer {status}")
    return CentralRefused(_kind(problem), status, problem.retry_after_seconds)


def _busy(content: bytes, response: requests.Response) -> CentralBusy | None:
    """Return the error for an answer that names a time for the next try, whoever it comes from.

    A proxy before central answers with a document of its own. The wait after wrong answers is a
    refusal of central's, and for the screen.
    """
    seconds = response.headers.get("Retry-After", "")
    if not (seconds.isascii() and seconds.isdigit()):
        return None
    try:
        if _kind(msg.Problem.model_validate_json(content)) == msg.ProblemType.WAIT:
            return None
    except ValidationError:
        pass
    wait = min(int(seconds[:9]), _LONGEST_RETRY_SECONDS)
    return CentralBusy(f"answer {response.status_code}", wait)


def _kind(problem: msg.Problem) -> str:
    return problem.type.removeprefix(msg.PROBLEM_PREFIX)
