# SPDX-License-Identifier: Apache-2.0
"""`kiosks`: how a device becomes one, which there are, and how one ends."""

from __future__ import annotations

import click

from kiosk.central.actions import kiosks as actions
from kiosk.central.cli.operating import opened
from kiosk.command_line import Group, for_spreadsheets, remark, show, show_rows

_COLUMNS = {
    "kiosk": "kiosk",
    "organisation": "organisation",
    "last heard of (UTC)": "heard_at",
    "retiring": "retiring",
    "revoked": "revoked",
    "reported anew": "reported_anew",
    "copied (UTC)": "copied_at",
}
_LENT = {
    "card": "serial",
    "lent at (UTC)": "lent_at",
    "until": "lent_until",
    "renewal due": "renewal_due",
}

kiosks = Group("kiosks", help="The kiosks.")


@kiosks.command("list")
@for_spreadsheets
def list_() -> None:
    """List the kiosks, and when they were last heard of."""
    with opened() as at:
        rows = actions.list_kiosks(at)
    show_rows(rows, _COLUMNS)


@kiosks.command()
@click.argument("name")
@for_spreadsheets
def lent(name: str) -> None:
    """List the cards whose unblocking key the kiosk NAME, or a copy of it, may hold in a pack.

    A card is listed until a later grant shows that its key was renewed.
    """
    with opened() as at:
        rows = actions.list_lent(at, name=name)
    show_rows(rows, _LENT)


@kiosks.command()
@click.argument("name")
@click.argument("networks", nargs=-1, metavar="[NETWORK]...")
def networks(name: str, networks: tuple[str, ...]) -> None:
    """Lend packs to the kiosk NAME in these networks or at these addresses alone.

    Without any: in those of its organisation.
    """
    with opened() as at:
        done = actions.set_networks(at, name=name, networks=networks or None)
    where = "as its organisation says" if done.networks is None else " and ".join(done.networks)
    show(done, f"Packs for {done.kiosk}: {where}.")


@kiosks.command("enrol-token")
@click.argument("name")
@click.option(
    "--organisation", metavar="NAME", required=True, help="The organisation of the kiosk."
)
@click.option(
    "--hours",
    default=actions.TOKEN_HOURS,
    show_default=True,
    help="The hours for which the token is valid.",
)
def enrol_token(name: str, organisation: str, hours: int) -> None:
    """Let a device become the kiosk NAME.

    Prints a token for `kiosk enrol`: it is good once, and shown once.
    """
    with opened() as at:
        made = actions.make_enrolment_token(at, name=name, organisation=organisation, hours=hours)
    show(made, made.token)
    whom = "in place of the device it is now" if made.replaces_device else "a kiosk to come"
    remark(f"For {made.kiosk}, {whom}; good once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.")


@kiosks.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Refuse a kiosk from its next request on."""
    with opened() as at:
        done = actions.revoke_kiosk(at, name=name)
    renewed = (
        f"It may hold the unblocking key of {serial}: the next unlock renews it."
        for serial in done.renewal_due
    )
    show(done, f"Revoked: {done.kiosk}.", *renewed)


@kiosks.command()
@click.argument("name")
def retire(name: str) -> None:
    """Have a kiosk hand over what it has, wipe itself and go."""
    with opened() as at:
        done = actions.retire_kiosk(at, name=name)
    show(done, f"Retiring: {done.kiosk}. `kiosks list` shows it revoked once it has gone.")
