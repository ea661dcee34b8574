# SPDX-License-Identifier: Apache-2.0
"""Address validation; a mail server gets exactly the address that was validated."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import dns.resolver
import pytest
from email_validator import validate_email
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlmodel import select

from kiosk.central import addresses
from kiosk.central.mail import transport
from kiosk.central.operations import housekeeping, reporting, seed
from kiosk.central.operations.imported_rows import ImportedHolder
from kiosk.central.service import notices
from kiosk.central.settings import Settings
from kiosk.central.tables import Cardholder, QueuedNotice
from kiosk.errors import MailFailed
from kiosk.ui.widgets import caps
from tests.central.desk import Operator
from tests.central.hostile_addresses import ELSEWHERE, HOSTILE
from tests.central.test_mail import LETTER, SENDER, Server, listening
from tests.central.world import (
    ANSWERS,
    WRONG,
    Clock,
    KioskClient,
    PersonalCard,
    Service,
    b64,
    problem,
)

DOMAINS = ("nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk")


@pytest.mark.parametrize("text", HOSTILE + ELSEWHERE)
def test_an_address_outside_the_trusts_domains_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain"):
        addresses.accepted(text, DOMAINS)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("nora@nhs.net", "nora@nhs.net"),
        ("Nora.O'Neil@NHS.Net", "Nora.O'Neil@nhs.net"),
        ("n-o_r+a.7@ward-7.Trust.NHS.uk", "n-o_r+a.7@ward-7.trust.nhs.uk"),
        ("n@nhs.uk", "n@nhs.uk"),
        (f"{'a' * 64}@nhs.net", f"{'a' * 64}@nhs.net"),
    ],
)
def test_an_address_is_normalised(text: str, form: str) -> None:
    assert addresses.accepted(text, DOMAINS) == form
    assert addresses.validated(form) == form


@pytest.mark.parametrize("text", HOSTILE)
def test_an_invalid_address_in_a_row_or_a_setting_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="email"):
        ImportedHolder(uuid="0" * 12, name="N", email=text, organisation="T")
    with pytest.raises(ValidationError, match="email"):
        seed.SeededHolder(name="N", email=text)
    if text:
        with pytest.raises(ValidationError, match="alerts_to"):
            Settings(database="sqlite://", name="T", alerts_to=text)


# ---------------------------------------------------------------- no name look-ups


@pytest.fixture
def unresolvable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every name look-up fail, by the system's resolver or by the library's."""

    def asked(*_: object, **__: object) -> None:
        pytest.fail("a name was looked up")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn"):
        monkeypatch.setattr(socket, name, asked)
    monkeypatch.setattr(dns.resolver.Resolver, "resolve", asked)
    monkeypatch.setattr(dns.resolver, "get_default_resolver", asked)


@pytest.mark.usefixtures("unresolvable")
def test_validating_an_address_looks_up_no_name() -> None:
    assert addresses.accepted("nora@nowhere.nhs.uk", DOMAINS)
    assert addresses.sender("Kiosk <kiosk@nowhere.invalid>").address == "kiosk@nowhere.invalid"
    assert ImportedHolder(uuid="0" * 12, name="N", email="n@nowhere.nhs.uk", organisation="T")
    for text in HOSTILE + ELSEWHERE:
        with pytest.raises(ValueError, match=r"address|domain"):
            addresses.accepted(text, DOMAINS)


@pytest.mark.usefixtures("unresolvable")
def test_the_guard_against_look_ups_works() -> None:
    with pytest.raises(pytest.fail.Exception):
        validate_email("n@nhs.net", check_deliverability=True)


# ---------------------------------------------------------------- the mail server's view

_ENDINGS = ["@nhs.net", ".nhs.uk", "@x.nhs.uk", "@NHS.net", "@evil.example", ""]
_KEYS = sorted(
    cap.key
    for rows in caps.address(["@nhs.net", ".nhs.uk"], divided=False).values()
    for row in rows
    for cap in row
    if len(cap.key) == 1
)
_SPECIALS = [*"()<>[]:;@\\,.\"'=?%! \t\r\n\x00", "=?utf-8?q?", "?=", "=2c", "=40", "\r\nBcc: "]
_PIECES = st.sampled_from([*_KEYS, *_SPECIALS, "evil.example", "ann"])
_PLAIN = st.text(st.sampled_from("abcz09.-_'+"), min_size=1, max_size=8)
ENDING = st.sampled_from(_ENDINGS)
TYPED = st.one_of(
    st.builds(lambda pieces, end: "".join(pieces) + end, st.lists(_PIECES, max_size=12), ENDING),
    st.builds(lambda local, host: f"{local}@{host}.nhs.uk", _PLAIN, _PLAIN),
    st.builds(lambda local, end: local + end, _PLAIN, ENDING),
)


@pytest.fixture(scope="module")
def mail() -> Iterator[tuple[Server, transport.MailTransport]]:
    server = Server()
    with listening(server) as port:
        yield server, transport.open_transport(f"smtp://127.0.0.1:{port}", SENDER)


@pytest.mark.dealt
@settings(
    max_examples=2000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TYPED)
def test_the_envelope_has_exactly_the_validated_address(
    mail: tuple[Server, transport.MailTransport], text: str
) -> None:
    """A real mail server reports the recipients of a letter, if it got one."""
    server, carrier = mail
    server.recipients.clear()
    try:
        form = addresses.accepted(text, DOMAINS)
    except ValueError:
        form = None
    try:
        carrier.deliver(text, LETTER)
    except MailFailed:
        assert form is None
        assert server.recipients == []
        return
    (recipient,) = server.recipients
    assert recipient == addresses.validated(text)
    host = recipient.rpartition("@")[2]
    within = any(
        host == each.strip(".") or host.endswith("." + each.strip(".")) for each in DOMAINS
    )
    assert within == (form == recipient)


def test_examples_include_every_key_of_the_kiosk() -> None:
    assert {"a", "@", "=", "?", "'", "%", "7"} <= set(_KEYS)


# ---------------------------------------------------------------- rows of earlier versions


def spoil(service: Service, address: str) -> None:
    with service.services.database.transaction() as database:
        database.exec(select(Cardholder)).one().email = address


OLD = ["ann,example@nhs.net", "nora@gmail.com", "attacker@=?utf-8?q?evil.example=2c?=.nhs.net"]


@pytest.mark.parametrize("address", OLD)
def test_no_letter_goes_to_an_invalid_stored_address(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock, address: str
) -> None:
    for _ in range(2):
        assert problem(kiosk.answer(card, kiosk.opened(card), WRONG)) == "answers-wrong"
        clock.pass_time(600)
    notices.deliver(service.services)
    service.mailbox.letters.clear()
    spoil(service, address)
    opened = kiosk.opened(card)
    body = {"answers": ANSWERS, "proof": b64(kiosk.proof(card, opened))}
    assert problem(kiosk.post(f"/unlocks/{opened.session}/answers", body)) == "code-required"
    assert problem(kiosk.post(f"/unlocks/{opened.session}/code")) == "mail-failed"
    with service.services.database.transaction() as database:
        database.add(
            QueuedNotice(
                address=address,
                subject="queued by an earlier version",
                paragraphs=["It is over."],
                due_at=clock.now,
                written_at=clock.now,
            )
        )
    assert notices.deliver(service.services) == 0
    assert service.mailbox.letters == []
    with service.services.database.transaction() as database:
        assert database.exec(select(QueuedNotice)).all() == [], "delivery is not retried for days"


@pytest.mark.usefixtures("card")
def test_cardholders_without_a_usable_address_are_reported(operator: Operator) -> None:
    services = operator.service.services
    with services.database.transaction() as database:
        assert not list(reporting.unusable_addresses(database, services.accepts_address))
        trust = database.exec(select(Cardholder)).one().organisation_id
        for number in range(30):
            database.add(
                Cardholder(organisation_id=trust, name="X", email="x@y", uuid=f"{number:012}")
            )
        database.add(Cardholder(organisation_id=trust, name="erased", email="", uuid=""))
    assert operator.run("alerts") == 1
    (line,) = (each for each in operator.out.splitlines() if "usable address" in each)
    assert "000000000019 and 10 more" in line
    assert "x@y" not in operator.out


def test_the_alert_is_raised_once_a_day(
    service: Service, card: PersonalCard, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(service, "ann,example@nhs.net")
    for _ in range(2):
        for _ in range(3):
            housekeeping.keep_house(service.services)
            clock.pass_time(600)
        clock.pass_time(86400)
    alerts = [each.getMessage() for each in caplog.records if "usable address" in each.getMessage()]
    with service.services.database.reading() as database:
        number = database.exec(select(Cardholder.id)).one()
    assert alerts == [f"alert: cardholders without a usable address: number {number}"] * 2
