# SPDX-License-Identifier: Apache-2.0
"""Host names that no resolver can be asked for."""

from __future__ import annotations

UNENCODABLE = [
    "smartcards..example.nhs.uk",
    "a" * 64 + ".example.nhs.uk",
    "\udcff.example.nhs.uk",
]
"""An empty label, a label of more than 63 characters, and half of a character."""
