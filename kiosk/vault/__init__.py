# SPDX-License-Identifier: Apache-2.0
"""Sealing: what answers open, and what is sealed to a key."""
