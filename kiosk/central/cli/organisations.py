# SPDX-License-Identifier: Apache-2.0
"""`organisations`: the trusts that this service is for, and what their kiosks are told."""

from __future__ import annotations

import click

from kiosk.central.actions import organisations as actions
from kiosk.central.actions.organisations import (
    LeaseCards,
    OrganisationPolicy,
    PolicyChange,
    PolicyContact,
)
from kiosk.central.cli.operating import opened
from kiosk.command_line import Group, for_spreadsheets, one_of, show, show_rows

_COLUMNS = {
    "organisation": "organisation",
    "kiosks": "kiosks",
    "cards": "cards",
    "unlocking stopped": "unlocking_stopped",
}

ANYWHERE = "any"

organisations = Group("organisations", help="The trusts that this service is for.")


@organisations.command()
@click.argument("name")
def add(name: str) -> None:
    """Add an organisation, by the name that cardholders know."""
    with opened() as at:
        done = actions.add_organisation(at, name=name)
    show(done, f"Added: {done.organisation}.")


@organisations.command("list")
@for_spreadsheets
def list_() -> None:
    """List the organisations, with their kiosks and cards."""
    with opened() as at:
        rows = actions.list_organisations(at)
    show_rows(rows, _COLUMNS)


@organisations.command()
@click.argument("name")
@click.option("--offline", type=click.Choice(["on", "off"]), help="Whether to unlock without us.")
@click.option("--lease-hours", type=int, metavar="HOURS", help="1 to 12, if so.")
@click.option(
    "--lease-cards",
    **one_of(LeaseCards),
    help="The cards that were at a kiosk within 30 days, or all of the organisation's.",
)
@click.option(
    "--lend-to",
    "networks",
    multiple=True,
    metavar="NETWORK",
    help="In place of those there are: lend to kiosks there alone, such as 10.20.0.0/16; or 'any'.",
)
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    type=(str, str),
    metavar="WHOM HOW",
    help="In place of those there are, such as 'IT service desk' 'ext. 2222'; up to 4 times.",
)
def policy(
    *,
    name: str,
    offline: str | None,
    lease_hours: int | None,
    lease_cards: LeaseCards | None,
    networks: tuple[str, ...],
    contacts: tuple[tuple[str, str], ...],
) -> None:
    """Show what an organisation's kiosks are told, or change it."""
    change = PolicyChange(
        None if offline is None else offline == "on",
        lease_hours,
        lease_cards,
        () if networks == (ANYWHERE,) else networks or None,
        tuple(PolicyContact(*each) for each in contacts) or None,
    )
    with opened() as at:
        if change == PolicyChange():
            found = actions.show_policy(at, name=name)
        else:
            found = actions.set_policy(at, name=name, change=change)
    show(found, *_lines(found))


def _lines(policy: OrganisationPolicy) -> tuple[str, ...]:
    where = f", in {' and '.join(policy.lease_networks)} alone" if policy.lease_networks else ""
    lent = f"for {policy.lease_hours} hours, {policy.lease_cards} cards{where}"
    return (
        f"offline: {'yes' if policy.offline else 'no'}, {lent}",
        *(f"contact: {each.name}, {each.detail}" for each in policy.contacts),
    )
