# SPDX-License-Identifier: Apache-2.0
"""A master key in a token never leaves it, and the service survives the token's absence."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass
from pkcs11.exceptions import AttributeSensitive, PKCS11Error

from kiosk.central import settings
from kiosk.central.__main__ import main
from kiosk.central.keys import pkcs11_key
from kiosk.central.keys.master_key import MasterKey
from kiosk.central.service import assembly
from kiosk.central.settings import Settings
from kiosk.contract.messages import CardCommand
from kiosk.errors import MasterKeyAway, SettingsError
from tests.central.softhsm import PIN, SoftToken
from tests.central.world import Clock, PersonalCard, Service, item, problem

_KEY = "kiosk-central"


@pytest.fixture
def soft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    return SoftToken(tmp_path / "token", monkeypatch)


@pytest.fixture
def chosen(soft: SoftToken) -> Settings:
    return settings.read(database="sqlite://", name="central", **soft.settings)


@pytest.fixture
def key(chosen: Settings) -> MasterKey:
    pkcs11_key.create(chosen)
    return assembly.open_master_key(chosen)


@pytest.fixture
def served(soft: SoftToken, tmp_path: Path, clock: Clock) -> Iterator[Service]:
    """Return a service whose master key is in the token."""
    service = Service(tmp_path, clock, f"sqlite:///{tmp_path}/central.db", **soft.settings)
    pkcs11_key.create(service.settings)
    service.start()
    yield service
    service.stop()


def test_the_key_stays_in_the_token(key: MasterKey, soft: SoftToken) -> None:
    with soft.forget_sessions().open(user_pin=PIN) as session:
        found = session.get_key(object_class=ObjectClass.SECRET_KEY, label=_KEY)
        for attribute in (Attribute.SENSITIVE, Attribute.ALWAYS_SENSITIVE, Attribute.LOCAL):
            assert found[attribute] is True
        assert found[Attribute.NEVER_EXTRACTABLE] is True
        with pytest.raises(AttributeSensitive):
            _ = found[Attribute.VALUE]
        with pytest.raises(PKCS11Error):
            found[Attribute.EXTRACTABLE] = True
    assert not list(soft.forget_sessions().open().get_objects())  # without the PIN


def test_the_derivation_is_as_documented(chosen: Settings, soft: SoftToken) -> None:
    known = bytes(range(32))
    with soft.forget_sessions().open(rw=True, user_pin=PIN) as session:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                Attribute.VALUE: known,
                Attribute.LABEL: _KEY,
                Attribute.TOKEN: True,
                Attribute.PRIVATE: True,
                Attribute.SIGN: True,
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
            }
        )
    info = b"\0\0\0\4salt" + b"purpose"
    first = hmac.digest(known, info + b"\1", hashlib.sha256)
    second = hmac.digest(known, first + info + b"\2", hashlib.sha256)
    derived = assembly.open_master_key(chosen).derive(b"purpose", b"salt", 64)
    assert derived == first + second


def test_an_existing_key_is_not_overwritten(key: MasterKey, chosen: Settings) -> None:
    before = key.derive(b"a", b"", 32)
    with pytest.raises(SettingsError, match="has a key"):
        pkcs11_key.create(chosen)
    assert assembly.open_master_key(chosen).derive(b"a", b"", 32) == before


def test_an_extractable_key_is_refused(chosen: Settings, soft: SoftToken) -> None:
    with soft.forget_sessions().open(rw=True, user_pin=PIN) as session:
        session.generate_key(
            KeyType.GENERIC_SECRET, 256, label=_KEY, store=True, capabilities=MechanismFlag.SIGN,
            template={Attribute.EXTRACTABLE: True},
        )  # fmt: skip
    with pytest.raises(SettingsError, match="gives this key out"):
        assembly.open_master_key(chosen)


def test_an_error_says_how_to_make_a_missing_key(chosen: Settings) -> None:
    with pytest.raises(SettingsError, match="master-key create"):
        assembly.open_master_key(chosen)


def test_a_wrong_pin_is_tried_once_and_never_shown(
    key: MasterKey, soft: SoftToken, chosen: Settings
) -> None:
    soft.give_pin("654321")
    with pytest.raises(SettingsError, match="refuses the PIN") as refused:
        assembly.open_master_key(chosen)
    assert "654321" not in str(refused.value)
    soft.pin_file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod"):
        assembly.open_master_key(chosen)


def test_a_changed_pin_is_not_retried_until_the_token_locks(
    key: MasterKey, soft: SoftToken
) -> None:
    with soft.forget_sessions().open(rw=True, user_pin=PIN) as session:
        session.set_pin(PIN, "777777")
    soft.forget_sessions()
    with pytest.raises(MasterKeyAway, match="refuses the PIN"):
        key.derive(b"a", b"", 32)
    with soft.forget_sessions().open(rw=True, user_pin="777777") as session:
        session.set_pin("777777", PIN)
    soft.forget_sessions()
    with pytest.raises(MasterKeyAway, match="start again"):
        key.derive(b"a", b"", 32)


def test_threads_share_the_key(key: MasterKey) -> None:
    expected = key.derive(b"a", b"s", 96)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: key.derive(b"a", b"s", 96), range(200)))
    assert found == {expected}


def test_a_token_that_comes_back_is_opened_again(key: MasterKey, soft: SoftToken) -> None:
    before = key.derive(b"a", b"", 32)
    with soft.away():
        for _ in range(3):
            with pytest.raises(MasterKeyAway):
                key.derive(b"a", b"", 32)
    assert key.derive(b"a", b"", 32) == before
    soft.forget_sessions()
    assert key.derive(b"a", b"", 32) == before


def test_a_whole_unlock_works_with_a_token(
    served: Service, soft: SoftToken, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kiosk = served.kiosk("ward 7")
    card = kiosk.know(PersonalCard())
    grant = kiosk.granted(card)
    assert grant.next is not None
    kiosk.report(
        item(grant, 0, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 1, CardCommand.VERIFY, 0, "9000"),
        item(grant, 2, CardCommand.CHANGE, 1, "9000"),
        item(grant, 3, CardCommand.ATTEST, 1, "9000", signature=kiosk.attest(card, grant, 1)),
    )
    served.restart()
    again = kiosk.granted(card, unblocking=3)
    assert again.current.generation == 1
    assert again.current.key == grant.next.key
    entries = "".join(
        path.read_bytes().decode("latin-1") for path in served.folder.glob("central.db*")
    )
    for secret in (PIN, (grant.next.key or b"").decode()):
        assert secret not in caplog.text + entries


def test_a_missing_token_costs_no_attempts(
    served: Service, soft: SoftToken, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = served.kiosk("ward 7")
    card = kiosk.know(PersonalCard())
    opened = kiosk.opened(card)
    with soft.away():
        refused = kiosk.answer(card, opened)
        assert (refused.status_code, problem(refused)) == (503, "unavailable")
    assert "The master key's token cannot be used now: " in caplog.text
    assert kiosk.answer(card, opened).status_code == 200  # no wait: no attempt was counted
    with soft.away():
        refused = kiosk.ask_grant(opened.session)
        assert (refused.status_code, problem(refused)) == (503, "unavailable")
    assert kiosk.ask_grant(opened.session).status_code == 200


def test_the_command_makes_the_key_of_either_kind(
    soft: SoftToken,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KIOSK_CENTRAL_DATABASE", f"sqlite:///{tmp_path}/db")
    monkeypatch.setenv("KIOSK_CENTRAL_NAME", "central")
    for name, value in soft.settings.items():
        monkeypatch.setenv(f"KIOSK_CENTRAL_{name.upper()}", value)
    assert main(["master-key", "create"]) == 0
    assert main(["master-key", "create"]) == 2
    with soft.away():
        assert main(["audit", "verify"]) == 3
    assert "The master key's token cannot be used now: " in capsys.readouterr().err
    assert main(["audit", "verify"]) == 0
    monkeypatch.setenv("KIOSK_CENTRAL_MASTER_KEY_FILE", str(tmp_path / "key"))
    assert main(["master-key", "create"]) == 2  # both
    monkeypatch.delenv("KIOSK_CENTRAL_MASTER_KEY_MODULE")
    assert main(["master-key", "create"]) == 0
    assert main(["master-key", "create"]) == 2
    assert main(["audit", "verify"]) == 2  # the database belongs to the token's key


def test_an_error_names_an_invalid_module(
    soft: SoftToken, chosen: Settings, tmp_path: Path
) -> None:
    nothing = chosen.model_copy(update={"master_key_module": tmp_path / "nothing.so"})
    with pytest.raises(MasterKeyAway):
        assembly.open_master_key(nothing)
    assert isinstance(soft.forget_sessions(), pkcs11.Token)
