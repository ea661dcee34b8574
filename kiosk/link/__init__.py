"""The link to the central service: the client of the contract."""

from kiosk.link.client import CentralClient

__all__ = ["CentralClient"]
