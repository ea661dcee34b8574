# SPDX-License-Identifier: Apache-2.0
"""`actions`: what can be changed, and which audit entries say so."""

from __future__ import annotations

from kiosk.central.actions import catalogue
from kiosk.command_line import Group, for_spreadsheets, show_rows

actions = Group("actions", help="The actions that change something.")


@actions.command("list")
@for_spreadsheets
def list_() -> None:
    """List every action that changes something, with the kinds of its audit entries."""
    columns = {"action": "name", "audited as": "kinds", "what it does": "summary"}
    show_rows(catalogue.list_actions(), columns)
