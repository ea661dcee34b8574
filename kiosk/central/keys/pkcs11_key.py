# SPDX-License-Identifier: Apache-2.0
"""A master key in a PKCS #11 token, which computes with the key and never gives it out.

The token only computes HMAC-SHA256, with one key. Derivation is the second half of HKDF (RFC 5869,
2.3; the first half is for keys that are not uniformly random):

    T(i) = HMAC(key, T(i - 1) ‖ length of salt (4 bytes) ‖ salt ‖ purpose ‖ i (1 byte)),  i = 1, 2 …
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import (
    MultipleObjectsReturned,
    NoSuchKey,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
)
from pkcs11.types import SignMixin

from kiosk.central.keys.master_key import MasterKey, read_private
from kiosk.central.settings import PREFIX, Settings
from kiosk.errors import MasterKeyAway, SettingsError
from kiosk.values import Secret

_MODULE, _LABEL, _PIN = (PREFIX + f"MASTER_KEY_{what}" for what in ("MODULE", "LABEL", "PIN_FILE"))
_HASH_BYTES = 32
_TEMPLATE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: False,
}
_ONE_AT_A_TIME = threading.Lock()
"""No two threads use the library at once, because not every library allows that."""


class TokenKey(MasterKey):
    """The key in a token, which is opened again if it was away or its library lost the session."""

    place = _LABEL
    _library_holder: ClassVar[TokenKey | None] = None
    """The key that opened the library last; the handles of earlier keys may be wrong by now."""

    def __init__(self, module: Path, token: str, label: str, pin: Secret) -> None:
        self._module, self._token, self._label, self._pin = module, token, label, pin
        self._pin_refused = False
        self._session: pkcs11.Session | None = None
        self._key: SignMixin | None = None

    def derive(self, purpose: bytes, salt: bytes, length: int) -> bytes:
        """Derive by HMAC in the token, as described above.

        Raises MasterKeyAway while the token is unavailable.
        """
        info = len(salt).to_bytes(4, "big") + salt + purpose
        stream, block = b"", b""
        with _ONE_AT_A_TIME:
            for counter in range(1, -(-length // _HASH_BYTES) + 1):
                block = self._hmac(block + info + bytes([counter]))
                stream += block
        return stream[:length]

    def open(self) -> None:
        """Find the key. Raises SettingsError if the token does not have what the settings say."""
        with _ONE_AT_A_TIME:
            self._open()

    def generate(self) -> None:
        """Create the key. Raises SettingsError if there is one with this label."""
        with _ONE_AT_A_TIME:
            try:
                with self._logged_in(to_write=True) as session:
                    if list(session.get_objects(self._search_template())):
                        raise SettingsError(_LABEL, "the token has a key of this label")
                    session.generate_key(
                        KeyType.GENERIC_SECRET,
                        _HASH_BYTES * 8,
                        label=self._label,
                        store=True,
                        capabilities=MechanismFlag.SIGN,
                        template=_TEMPLATE,
                    )
            except PKCS11Error as error:
                raise MasterKeyAway(_name(error)) from None

    def _hmac(self, message: bytes) -> bytes:
        """Return the HMAC; if the token fails, open it once more. Raises MasterKeyAway."""
        if self._key is not None and TokenKey._library_holder is self:
            try:
                return bytes(self._key.sign(message, mechanism=Mechanism.SHA256_HMAC))
            except PKCS11Error:
                self._key = self._session = None
        try:
            key = self._open()
        except SettingsError as error:
            raise MasterKeyAway(error.reason) from None
        try:
            return bytes(key.sign(message, mechanism=Mechanism.SHA256_HMAC))
        except PKCS11Error as error:
            self._key = self._session = None
            raise MasterKeyAway(_name(error)) from None

    def _open(self) -> SignMixin:
        try:
            session = self._logged_in()
            key = session.get_key(object_class=ObjectClass.SECRET_KEY, label=self._label)
            extractable = key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]
        except NoSuchKey:
            raise SettingsError(_LABEL, "the token has no such key: `master-key create`") from None
        except MultipleObjectsReturned:
            raise SettingsError(_LABEL, "the token has several keys of this label") from None
        except PKCS11Error as error:
            raise MasterKeyAway(_name(error)) from None
        if extractable or not isinstance(key, SignMixin):
            raise SettingsError(
                _LABEL, "the token gives this key out, or cannot sign by it: make another"
            )
        self._session, self._key = session, key  # the key is only valid with its session
        return key

    def _logged_in(self, *, to_write: bool = False) -> pkcs11.Session:
        """Return a new session with the token. Raises PKCS11Error or SettingsError."""
        if self._pin_refused:  # further tries would lock the token for good
            raise SettingsError(_PIN, "the token refused the PIN; start again with the right one")
        library = pkcs11.lib(str(self._module))
        # Some libraries look for tokens only then. Nothing else in this process uses the library.
        TokenKey._library_holder = self
        library.reinitialize()
        found = library.get_token(token_label=self._token)
        try:
            return found.open(rw=to_write, user_pin=self._pin.reveal().decode())
        except (PinIncorrect, PinInvalid, PinLenRange, PinLocked) as error:
            self._pin_refused = True
            raise SettingsError(_PIN, f"the token refuses the PIN: {_name(error)}") from None

    def _search_template(self) -> dict[Attribute, object]:
        return {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label}


def load(settings: Settings) -> MasterKey:
    """Return the master key in the token of the settings. Raises SettingsError or MasterKeyAway."""
    key = _of(settings)
    key.open()
    return key


def create(settings: Settings) -> None:
    """Create the key in the token.

    Raises SettingsError if the token has one already, and MasterKeyAway.
    """
    _of(settings).generate()


def _of(settings: Settings) -> TokenKey:
    module, pin_file = settings.master_key_module, settings.master_key_pin_file
    if module is None or pin_file is None:
        raise SettingsError(_MODULE, "no token is set")
    pin = read_private(pin_file, _PIN).strip()
    if not pin or not pin.isascii():
        raise SettingsError(_PIN, "expected the PIN, in a line")
    return TokenKey(module, settings.master_key_token, settings.master_key_label, Secret(pin))


def _name(error: PKCS11Error) -> str:
    """Return the kind of the library's error, without its details."""
    return type(error).__name__
