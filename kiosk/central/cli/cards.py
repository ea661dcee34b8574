# SPDX-License-Identifier: Apache-2.0
"""`cards`: the cards, and whether they may be unlocked."""

from __future__ import annotations

import click

from kiosk.central.actions import cards as actions
from kiosk.central.actions.cards import CardStatus, CardSummary
from kiosk.central.cli.operating import named_card, named_organisation, opened
from kiosk.command_line import Group, for_spreadsheets, one_of, show, show_rows
from kiosk.values import Family

_COLUMNS = {
    name: name
    for name in (
        "serial", "family", "holder", "uuid", "organisation", "status", "frozen", "expires",
    )
}  # fmt: skip

cards = Group("cards", help="The cards, and whether they may be unlocked.")


@cards.command("list")
@named_organisation
@click.option("--status", **one_of(CardStatus), help="Of this status alone.")
@click.option("--frozen", is_flag=True, help="Those whose unblocking tries may not be risked.")
@click.option(
    "--renewal-due",
    is_flag=True,
    help="Those whose key the next unlock renews: it was lent, and used or lost.",
)
@for_spreadsheets
def list_(
    organisation: str | None,
    status: CardStatus | None,
    frozen: bool,
    renewal_due: bool,
) -> None:
    """List the cards."""
    with opened() as at:
        rows = actions.list_cards(
            at, organisation=organisation, status=status, frozen=frozen, renewal_due=renewal_due
        )
    show_rows(rows, _COLUMNS)


@cards.command()
@named_card
def suspend(serial: str, family: Family | None) -> None:
    """Stop a card until it is activated."""
    with opened() as at:
        _show_status(actions.suspend_card(at, serial=serial, family=family))


@cards.command()
@named_card
def activate(serial: str, family: Family | None) -> None:
    """Let a card be used again."""
    with opened() as at:
        _show_status(actions.activate_card(at, serial=serial, family=family))


@cards.command()
@named_card
def lost(serial: str, family: Family | None) -> None:
    """Stop a card that was lost."""
    with opened() as at:
        _show_status(actions.report_card_lost(at, serial=serial, family=family))


@cards.command()
@named_card
def leaver(serial: str, family: Family | None) -> None:
    """Stop the card of a cardholder who left."""
    with opened() as at:
        _show_status(actions.stop_card_of_leaver(at, serial=serial, family=family))


@cards.command()
@named_card
@click.option("--by", required=True, metavar="SERIAL", help="The holder's new card, imported.")
def replace(serial: str, family: Family | None, by: str) -> None:
    """Stop a card whose holder has a new one."""
    with opened() as at:
        done = actions.replace_card(at, serial=serial, family=family, by=by)
    anew = ("Its holder registers for self service anew, with the new card.",)
    show(done, f"{done.serial}: replaced by {by}.", *(anew if done.registration_removed else ()))


@cards.command()
@named_card
@click.option("--tries", type=int, required=True, help="Of its unblocking key, as the card tells.")
@click.option(
    "--carries",
    type=int,
    metavar="GENERATION",
    help="Of that key, if the RA has tried it: any that was ever made for the card.",
)
def thaw(serial: str, family: Family | None, tries: int, carries: int | None) -> None:
    """Let a card be unlocked again that was held back, after looking at it.

    The RA reads the card's unblocking tries by `kiosk doctor card`, or its maker's program, and
    says how many it has left. If the card has refused its keys, the RA tries the generations that
    were made for it, and names the one that fits.
    """
    with opened() as at:
        done = actions.thaw_card(at, serial=serial, family=family, tries=tries, carries=carries)
    show(done, f"{done.serial}: may be unlocked again.")


def _show_status(card: CardSummary) -> None:
    show(card, f"{card.serial}: {card.status}.")
