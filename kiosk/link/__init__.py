"""The link to the central service: the client of the contract."""

from kiosk.link.authority import CentralAuthority
from kiosk.link.client import CentralClient

__all__ = ["CentralAuthority", "CentralClient"]
