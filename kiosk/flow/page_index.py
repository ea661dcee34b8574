# SPDX-License-Identifier: Apache-2.0
"""All pages by their class; the journeys describe them."""

from __future__ import annotations

from typing import Any

from kiosk.flow.description import PageDescription
from kiosk.flow.journeys import (
    emailed_code,
    known_passcode,
    my_card,
    new_passcode,
    plain_help,
    register,
    register_answers,
    start,
    technician_visit,
    unlock,
)
from kiosk.flow.pages import Page

DESCRIPTIONS: tuple[PageDescription[Any], ...] = (
    *start.PAGES,
    *unlock.PAGES,
    *emailed_code.PAGES,
    *known_passcode.PAGES,
    *new_passcode.PAGES,
    *my_card.PAGES,
    *register.PAGES,
    *register_answers.PAGES,
    *technician_visit.PAGES,
    *plain_help.PAGES,
)
_BY_CLASS = {each.page: each for each in DESCRIPTIONS}


def describe(page: Page) -> PageDescription[Any]:
    """Return the description of `page`."""
    return _BY_CLASS[type(page)]


def is_work(page: Page) -> bool:
    """Return whether the user waits for the kiosk on `page`."""
    return describe(page).work is not None
