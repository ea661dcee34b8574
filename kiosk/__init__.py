# SPDX-License-Identifier: Apache-2.0
"""A self-service kiosk that gives a locked smartcard back to its holder."""

__version__ = "0.1.0"
