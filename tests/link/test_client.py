# SPDX-License-Identifier: Apache-2.0
"""The client against servers that are gone, send wrong or huge answers, or refuse."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.contract import messages as msg
from kiosk.errors import CentralBusy, CentralRefused, CentralUnavailable
from kiosk.link import CentralClient
from tests.link.server import Standing, answering


def test_a_request_carries_the_token_and_its_answer_is_parsed() -> None:
    with answering(body=b'{"questions": []}') as server:
        assert not CentralClient(server.url, Standing("t0ken")).questions().questions
    method, path, headers, _ = server.requests[0]
    assert (method, path) == ("GET", "/v1/questions")
    assert headers["Authorization"] == "Bearer t0ken"


def test_the_health_check_carries_no_token() -> None:
    with answering(body=b'{"central": "ours"}') as server:
        assert CentralClient(server.url, Standing()).health() == msg.Health(central="ours")
    assert "Authorization" not in server.requests[0][2]


def test_an_unreachable_server_is_unavailable() -> None:
    with answering() as server:
        url = server.url
    with pytest.raises(CentralUnavailable):
        CentralClient(url, Standing()).health()


def test_a_missing_authority_file_is_unavailable(folder: Path) -> None:
    """The library reports that before it connects, and not with one of its own errors."""
    client = CentralClient("https://127.0.0.1:1", Standing(), folder / "gone.pem")
    with pytest.raises(CentralUnavailable) as unavailable:
        client.health()
    assert unavailable.value.reason == "OSError"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"central": 7}', b'{"unknown": 1}'])
def test_an_answer_outside_the_contract_is_unavailable(body: bytes) -> None:
    with answering(body=body) as server, pytest.raises(CentralUnavailable):
        CentralClient(server.url, Standing()).health()


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_unavailable(status: int) -> None:
    body = json.dumps({"type": "about:blank", "title": "x", "status": status}).encode()
    with answering(status, body) as server, pytest.raises(CentralUnavailable):
        CentralClient(server.url, Standing()).health()


def test_a_problem_is_a_refusal_with_type_and_wait() -> None:
    problem = {
        "type": msg.PROBLEM_PREFIX + "wait",
        "title": "Wait",
        "status": 429,
        "retry_after_seconds": 30,
    }
    body = json.dumps(problem).encode()
    with answering(429, body) as server, pytest.raises(CentralRefused) as caught:
        CentralClient(server.url, Standing()).grant(uuid4())
    assert (caught.value.problem, caught.value.status) == ("wait", 429)
    assert caught.value.retry_after_seconds == 30


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b'{"type": "urn:smartcard-kiosk:problem:busy", "title": "", "status": 429}'),
        (503, b'{"type": "urn:smartcard-kiosk:problem:unavailable", "title": "", "status": 503}'),
        (429, b"<html>a proxy's own words</html>"),
        (503, b""),
    ],
)
def test_the_time_named_for_the_next_try_is_obeyed(status: int, body: bytes) -> None:
    with (
        answering(status, body, {"Retry-After": "7"}) as server,
        pytest.raises(CentralBusy) as busy,
    ):
        CentralClient(server.url, Standing()).questions()
    assert busy.value.retry_after_seconds == 7


@pytest.mark.parametrize("seconds", ["86400", "9" * 30])
def test_nobody_silences_a_kiosk_for_a_day(seconds: str) -> None:
    with (
        answering(503, b"", {"Retry-After": seconds}) as server,
        pytest.raises(CentralBusy) as busy,
    ):
        CentralClient(server.url, Standing()).questions()
    assert busy.value.retry_after_seconds == 300


@pytest.mark.parametrize("seconds", ["", "-1", "1.5", "soon", "²", "Mon, 30 Nov 2026 03:00:00 GMT"])
def test_a_time_that_is_no_number_of_seconds_is_none(seconds: str) -> None:
    with (
        answering(503, b"", {"Retry-After": seconds.encode().decode("latin-1")}) as server,
        pytest.raises(CentralUnavailable) as away,
    ):
        CentralClient(server.url, Standing()).questions()
    assert not isinstance(away.value, CentralBusy)


def test_an_endless_answer_is_cut_off() -> None:
    with answering(body=b" " * (2 << 20)) as server, pytest.raises(CentralUnavailable):
        CentralClient(server.url, Standing()).health()


def test_a_redirect_is_not_followed() -> None:
    with answering(body=b'{"central": "elsewhere"}') as elsewhere:
        there = {"Location": elsewhere.url + "/v1/health"}
        with answering(302, b"", there) as server, pytest.raises(CentralUnavailable):
            CentralClient(server.url, Standing()).health()
    assert elsewhere.requests == []


def test_errors_contain_nothing_of_the_request() -> None:
    request = msg.AnswersRequest(answers=("Llandudno", None, "Zofia", "Mill Lane"))
    answer = b'{"detail": "Llandudno"}'
    with answering(422, answer) as server, pytest.raises(CentralUnavailable) as caught:
        CentralClient(server.url, Standing()).give_answers(uuid4(), request)
    assert "Llandudno" not in str(caught.value) + repr(caught.value) + repr(request)


# ---------------------------------------------------------------- compressed


def test_a_compressed_answer_is_unpacked() -> None:
    body = gzip.compress(b'{"questions": []}')
    with answering(body=body, headers={"Content-Encoding": "gzip"}) as server:
        assert not CentralClient(server.url, Standing()).questions().questions
    assert server.requests[0][2]["Accept-Encoding"] == "gzip"


@pytest.mark.dealt
def test_a_compression_bomb_is_refused_before_it_is_unpacked() -> None:
    """A megabyte that would unpack to a gigabyte: no more is unpacked than an answer may have."""
    bomb = zlib.compressobj(9, wbits=31)
    body = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(1024)) + bomb.flush()
    tracemalloc.start()
    headers = {"Content-Encoding": "gzip"}
    with answering(body=body, headers=headers) as server, pytest.raises(CentralUnavailable):
        CentralClient(server.url, Standing()).questions()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "gzip,identity"])
def test_other_compressions_are_refused(encoding: str) -> None:
    body = gzip.compress(gzip.compress(b'{"questions": []}'))
    headers = {"Content-Encoding": encoding}
    with answering(body=body, headers=headers) as server, pytest.raises(CentralUnavailable):
        CentralClient(server.url, Standing()).questions()


@pytest.mark.parametrize("end", [1, 10, -1, -9])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_truncated_answer_is_refused(end: int, compressed: bool) -> None:
    body = b'{"questions": []}'
    headers = {"Content-Length": str(len(body))}
    if compressed:
        body = gzip.compress(body)
        headers = {"Content-Encoding": "gzip", "Content-Length": str(len(body[:end]))}
    with (
        answering(body=body[:end], headers={**headers, "Connection": "close"}) as server,
        pytest.raises(CentralUnavailable),
    ):
        CentralClient(server.url, Standing()).questions()


def test_bytes_after_a_compressed_answer_are_refused() -> None:
    body = gzip.compress(b'{"questions": []}') + b"planted"
    headers = {"Content-Encoding": "gzip"}
    with answering(body=body, headers=headers) as server, pytest.raises(CentralUnavailable):
        CentralClient(server.url, Standing()).questions()
