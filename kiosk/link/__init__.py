# SPDX-License-Identifier: Apache-2.0
"""The link to the central service: the client side of the contract."""

from kiosk.link.authority import CentralAuthority
from kiosk.link.client import CentralClient
from kiosk.link.entrance import Entrance
from kiosk.link.tokens import AccessTokens

__all__ = ["AccessTokens", "CentralAuthority", "CentralClient", "Entrance"]
