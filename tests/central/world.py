# SPDX-License-Identifier: Apache-2.0
"""A running central service, with cards and kiosks that talk to it over real HTTP."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import requests
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlmodel import Session, select

from kiosk.central import settings
from kiosk.central.http.application import create_app
from kiosk.central.mail.letters import Letter
from kiosk.central.operations import seed
from kiosk.central.operations.seed import Personalisation
from kiosk.central.service import assembly, authentication
from kiosk.central.service.assembly import Services
from kiosk.central.tables import Kiosk, Organisation
from kiosk.contract import proof
from kiosk.contract.messages import PROBLEM_PREFIX, CardCommand, Grant, UnlockResponse
from kiosk.errors import MailFailed
from kiosk.values import CardIdentity, Family
from tests.contract.document import assert_conforms
from tests.patience import PATIENCE

CENTRAL = "central of the tests"
ANSWERS = ("Zoë Müller", "Rex", "Łódź", "O'Brien")
WRONG = ("nobody", "nothing", "nowhere", "never")
QUESTIONS = ("first-friend", "first-pet", "first-street", "first-teacher")
IMPORTED_KEY = "PUK-0042"[:8].replace("-", "x")

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Clock:
    """A clock that advances only when the test says so."""

    def __init__(self) -> None:
        self.now = datetime(2025, 1, 1, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def certificate(key: PrivateKey, name: str = "card") -> bytes:
    """Return a self-signed certificate, in DER."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.DER)


def sign(key: PrivateKey, digest: bytes) -> bytes:
    """Sign as a card does: the digest itself."""
    sha256 = Prehashed(hashes.SHA256())
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, padding.PKCS1v15(), sha256)
    return key.sign(digest, ec.ECDSA(sha256))


def _p256() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _serial() -> str:
    return uuid4().hex.upper()


class Mailbox:
    """A mail transport that keeps every letter with its address and sends none."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Letter]] = []
        self.closed = False

    def deliver(self, address: str, letter: Letter) -> None:
        if self.closed:
            raise MailFailed("closed")
        self.letters.append((address, letter))

    @property
    def code(self) -> str:
        """Return the newest code."""
        return next(letter.code for _, letter in reversed(self.letters) if letter.code)


@dataclass
class PersonalCard:
    """The keys of a card, and what central knows of it."""

    serial: str = field(default_factory=_serial)
    holder_key: PrivateKey = field(default_factory=_p256)
    card_key: PrivateKey = field(default_factory=_p256)
    unblocking_key: str = IMPORTED_KEY
    unblocking_maximum: int = 3
    family = Family.PIV

    @property
    def identity(self) -> CardIdentity:
        return CardIdentity(self.family, self.serial)

    def document(self, organisation: str) -> dict[str, Any]:
        """Return the personalisation document of this card."""
        return {
            "organisation": organisation,
            "cardholder": {"name": "Nora Nurse", "email": "nora@example.nhs.uk"},
            "card": {
                "family": "piv",
                "serial": self.serial,
                "unblocking_key": self.unblocking_key,
                "unblocking_maximum": self.unblocking_maximum,
                "authentication_certificate": b64(certificate(self.holder_key)),
                "card_authentication_certificate": b64(certificate(self.card_key)),
            },
            "answers": [
                {"question": question, "answer": answer}
                for question, answer in zip(QUESTIONS, ANSWERS, strict=True)
            ],
        }


def b64(data: bytes) -> str:
    return b64encode(data).decode()


class Service:
    """The service on a port of its own, in threads of this process."""

    def __init__(self, folder: Path, clock: Clock, database: str, **master_key: str) -> None:
        self.clock = clock
        self.folder = folder
        self.settings = settings.read(
            database=database,
            name=CENTRAL,
            port=0,
            **(master_key or {"master_key_file": str(folder / "master.key")}),
        )
        if self.settings.master_key_file is not None:
            seed.ensure_master_key(self.settings.master_key_file)
        self.mailbox = Mailbox()
        self.tls: tuple[Path, Path] | None = None  # certificate and key
        self.services: Services
        self.url = ""

    def start(self) -> None:
        assembled = assembly.assemble(self.settings, self.clock)
        self.services = replace(assembled, mail_transport=self.mailbox)
        self.app = create_app(self.services)
        certificate, key = self.tls or (None, None)
        config = uvicorn.Config(
            self.app,
            lifespan="off",
            log_level="error",
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        listening = config_socket(config)
        scheme = "http" if self.tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
        self._server = uvicorn.Server(config)
        threading.Thread(target=_serve, args=(self._server, listening), daemon=True).start()

    def stop(self) -> None:
        """Stop at once: no request is under way, so the server's own wait is skipped."""
        self.app.state.watch.close()
        self._server.should_exit = True
        self.services.database.close()

    @property
    def waiting(self) -> int:
        """Return how many requests wait for changes."""
        waiting: int = self.app.state.watch.waiting
        return waiting

    def restart(self) -> None:
        self.stop()
        self.start()

    def kiosk(self, name: str, organisation: str = "Trust A") -> KioskClient:
        """Return a kiosk that is enrolled on first use."""
        return KioskClient(self, name, organisation)


def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    with listening:  # a server that is stopped before it has begun would leave it open
        server.run([listening])


def config_socket(config: uvicorn.Config) -> socket.socket:
    """Return a listening socket on a free port of the loopback address, before the server runs."""
    listening = socket.create_server(("127.0.0.1", 0))
    config.port = listening.getsockname()[1]
    return listening


@dataclass
class KioskClient:
    """The requests of a kiosk. Central knows it as if it had been enrolled."""

    service: Service
    name: str
    organisation: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    shown_keys: list[bytes] = field(default_factory=list)
    _access: tuple[str, datetime] | None = None

    @property
    def token(self) -> str:
        """Return a valid access token, directly from central."""
        now = self.service.services.clock()
        if self._access is None or self._access[1] <= now:
            with self.service.services.database.transaction() as database:
                token = authentication.give_access(database, self._known(database), now, now)
            self._access = token, now + authentication.ACCESS_LIFE
        return self._access[0]

    def authenticate(self) -> None:
        """Forget the token, so that the next request comes with a new one."""
        self._access = None

    def know(self, card: PersonalCard) -> PersonalCard:
        """Make central know `card` in this kiosk's organisation."""
        document = card.document(self.organisation)
        seed.sow(self.service.services, Personalisation.model_validate(document))
        with self.service.services.database.transaction() as database:
            self._known(database)
        return card

    def _known(self, database: Session) -> Kiosk:
        kiosk = database.exec(select(Kiosk).where(Kiosk.name == self.name)).first()
        if kiosk is None:
            trust = select(Organisation).where(Organisation.name == self.organisation)
            organisation = database.exec(trust).first() or Organisation(name=self.organisation)
            database.add(organisation)
            database.flush()
            kiosk = Kiosk(
                organisation_id=organisation.id,
                name=self.name,
                subject=uuid4(),
                public_key=self.key.public_key().public_bytes_raw(),
            )
            database.add(kiosk)
            database.flush()
        return kiosk

    def post(self, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        authorization = {"Authorization": f"Bearer {token or self.token}"}
        answer = requests.post(
            f"{self.service.url}/v1{path}", json=body, headers=authorization, timeout=PATIENCE
        )
        assert_conforms(answer)
        return answer

    def get(self, path: str) -> requests.Response:
        authorization = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(
            f"{self.service.url}/v1{path}", headers=authorization, timeout=PATIENCE
        )
        assert_conforms(answer)
        return answer

    # ------------------------------------------------------------ steps

    def open(
        self,
        card: PersonalCard,
        *,
        session: UUID | None = None,
        passcode: int | None = 0,
        unblocking: int | None = None,
        language: str = "en",
    ) -> requests.Response:
        return self.post(
            "/unlocks",
            {
                "session": str(session or uuid4()),
                "card": {
                    "family": card.family,
                    "serial": card.serial,
                    "passcode_tries": passcode,
                    "unblocking_tries": unblocking,
                },
                "reason": "locked" if passcode == 0 else "forgotten",
                "language": language,
            },
        )

    def opened(self, card: PersonalCard, **how: Any) -> UnlockResponse:
        answer = self.open(card, **how)
        assert answer.status_code == 200, answer.text
        return UnlockResponse.model_validate_json(answer.text)

    def proof(self, card: PersonalCard, opened: UnlockResponse) -> bytes:
        digest = proof.digest(
            proof.ProofPurpose.OPEN_UNLOCK,
            central=CENTRAL,
            kiosk=self.name,
            card=card.identity,
            session=opened.session,
            nonce=opened.nonce,
        )
        return sign(card.card_key, digest)

    def answer(
        self,
        card: PersonalCard,
        opened: UnlockResponse,
        answers: Sequence[str | None] = ANSWERS,
        *,
        signature: bytes | None = None,
    ) -> requests.Response:
        """Send answers, with the code from the mailbox if it is required."""
        body = {
            "answers": list(answers),
            "proof": b64(self.proof(card, opened) if signature is None else signature),
        }
        path = f"/unlocks/{opened.session}"
        answer = self.post(f"{path}/answers", body)
        if answer.status_code == 403 and problem(answer) == "code-required":
            assert self.post(f"{path}/code").status_code == 200
            code = self.service.mailbox.code
            answer = self.post(f"{path}/answers", {**body, "code": code})
        return answer

    def accepted(self, card: PersonalCard, **how: Any) -> UUID:
        """Return the session of a card that proved its identity, with the right answers."""
        opened = self.opened(card, **how)
        answer = self.answer(card, opened)
        assert answer.status_code == 200, answer.text
        return opened.session

    def ask_grant(self, session: UUID) -> requests.Response:
        return self.post(f"/unlocks/{session}/grant")

    def granted(self, card: PersonalCard, **how: Any) -> Grant:
        """Return the grant of a visit that succeeded until then."""
        answer = self.ask_grant(self.accepted(card, **how))
        assert answer.status_code == 200, answer.text
        return Grant.model_validate_json(answer.text)

    def report(self, *items: dict[str, Any]) -> list[str]:
        """Report items; return their statuses, in order."""
        answer = self.post("/reports", {"items": items})
        assert answer.status_code == 200, answer.text
        return [item["status"] for item in answer.json()["items"]]

    def finish(
        self, card: PersonalCard, grant: Grant, *, renews: bool | None = None
    ) -> list[dict[str, Any]]:
        """Report a whole visit that the card signed for; return what was reported.

        The card carries the grant's first candidate, and renews its key if the grant asks for it.
        """
        first, change = grant.first, grant.current.generation + 1
        changes = (grant.renew if renews is None else renews) and first == change - 1
        carried = change if changes else first
        steps = [(CardCommand.UNBLOCK, first, None), (CardCommand.UNBLOCK, first, "9000")]
        steps += [(CardCommand.VERIFY, first, "9000")]
        if changes:
            steps += [(CardCommand.CHANGE, change, None), (CardCommand.CHANGE, change, "9000")]
        facts = [item(grant, number, *step) for number, step in enumerate(steps)]
        signature = self.attest(card, grant, carried)
        facts.append(
            item(grant, len(facts), CardCommand.ATTEST, carried, "9000", signature=signature)
        )
        items = [*facts, visit_end(grant.session, len(facts))]
        assert self.report(*items) == ["applied"] * len(items)
        return items

    def attest(self, card: PersonalCard, grant: Grant, generation: int) -> bytes:
        digest = proof.digest(
            proof.ProofPurpose.UNLOCKED,
            central=CENTRAL,
            kiosk=self.name,
            card=card.identity,
            session=grant.grant,
            nonce=proof.generation_nonce(generation),
        )
        return sign(card.holder_key, digest)


def item(
    grant: Grant,
    sequence: int,
    command: CardCommand,
    generation: int,
    status: str | None,
    *,
    signature: bytes | None = None,
) -> dict[str, Any]:
    """Return an outbox item."""
    return {
        "id": str(uuid4()),
        "recorded_at": "2025-01-01T03:00:00Z",
        "fact": {
            "kind": "card",
            "grant": str(grant.grant),
            "sequence": sequence,
            "command": command,
            "generation": generation,
            "status": status,
            "signature": None if signature is None else b64(signature),
        },
    }


def visit_end(session: UUID, facts: int) -> dict[str, Any]:
    """Return the outbox item of a visit's end."""
    return {
        "id": str(uuid4()),
        "recorded_at": "2025-01-01T03:00:00Z",
        "fact": {"kind": "visit end", "session": str(session), "facts": facts},
    }


def problem(answer: requests.Response) -> str:
    """Return the contract's name of the problem in `answer`."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    name: str = document["type"]
    assert name.startswith(PROBLEM_PREFIX)
    return name.removeprefix(PROBLEM_PREFIX)
