# SPDX-License-Identifier: Apache-2.0
"""Sealing: answers open a registration's envelopes, and packs are sealed to a kiosk's key."""
