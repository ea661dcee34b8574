# SPDX-License-Identifier: Apache-2.0
"""The parts that both command lines share: `--json`, `--csv`, tables, errors, completion, statuses.

A command calls what does the work, and prints what came of it by `show`, `show_rows` or `tell`:
for people, or for a program that asked for JSON.
"""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

import click
from click.shell_completion import get_completion_class

from kiosk.errors import KioskError, NotInstalled, sentence

DECLINED = 2
_INTERRUPTED = 130
_EVERY = 500  # done between two words of progress
_CLEAR = "\r\033[K"  # to the beginning of the line, and nothing on it
_HIDDEN = re.compile(r"[^ -~\n]")
_JSON, _CSV = "kiosk.json", "kiosk.csv"
_Function = TypeVar("_Function", bound=Callable[..., Any])
Columns = Mapping[str, str]
"""The headings of a table, each with the field of the rows that stands below it."""


# ---------------------------------------------------------------- commands


def _remember(key: str) -> Callable[[click.Context, click.Parameter, bool], bool]:
    def callback(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
        if value:
            context.meta[key] = True
        return value

    return callback


def json_option() -> click.Option:
    """Make `--json`."""
    return click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_remember(_JSON),
        help="Print JSON, for programs; errors too.",
    )


class PrintingCommand(click.Command):
    """A command that prints something, and so has `--json`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params.append(json_option())


class Group(click.Group):
    """A noun, whose commands are verbs. Those in `lazy` are imported when they are asked for.

    `lazy`: names, each with its module and, after a colon, the attribute there.
    """

    command_class = PrintingCommand

    def __init__(
        self, *arguments: Any, lazy: Mapping[str, str] | None = None, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._lazy = dict(lazy or {})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, or print the help if no command was named and one is needed."""
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            sys.stderr.write(f"{ctx.get_help()}\n")
            ctx.exit(DECLINED)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


def one_of(kind: type[Enum]) -> dict[str, Any]:
    """Return the type and callback of an option that takes one of an enumeration's values."""

    def member(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Any:
        return None if value is None else kind(value)

    return {"type": click.Choice([str(each.value) for each in kind]), "callback": member}


def for_spreadsheets(function: _Function) -> _Function:
    """Give a command `--csv`: for those that list something."""
    return click.option(
        "--csv",
        is_flag=True,
        expose_value=False,
        callback=_remember(_CSV),
        help="Print comma-separated values, for a spreadsheet.",
    )(function)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes this command."""
    root = context.find_root()
    program = root.info_name or ""
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    kind = get_completion_class(shell)
    if kind is not None:
        _write(kind(root.command, {}, program, variable).source())


# ---------------------------------------------------------------- what is printed


def show(result: object, *lines: str) -> None:
    """Print a result: these lines for people, or the whole of it in JSON."""
    if _asked_for(_JSON):
        _write(_as_json(result))
        return
    for line in lines:
        tell(line)


def show_rows(rows: Sequence[object], columns: Columns, *, totals: Sequence[object] = ()) -> None:
    """Print a list: as a table, as comma-separated values, or in JSON with all of its fields.

    `totals` are further rows of the table alone.
    """
    if _asked_for(_JSON):
        _write(_as_json(rows))
        return
    if _asked_for(_CSV):
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_inert(cell) for cell in _cells(row, columns)] for row in rows)
        return
    table = [list(columns), *(_cells(row, columns) for row in (*rows, *totals))]
    widths = [max(len(line[column]) for line in table) for column in range(len(columns))]
    for line in table:
        tell("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def tell(line: str) -> None:
    """Print a line."""
    _write(visible(line))


def visible(line: str) -> str:
    """Return a line of which a terminal shows every character as it is.

    Names come from files and kiosks. A control character could move the cursor or change what was
    printed before; others hide text or turn it round.
    """
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def show_text(result: object, text: str) -> None:
    """Print a text of several lines, or the result in JSON."""
    if _asked_for(_JSON):
        _write(_as_json(result))
        return
    for line in text.rstrip("\n").split("\n"):
        tell(line)


def remark(line: str) -> None:
    """Print a line on standard error, for people alone."""
    if not _asked_for(_JSON):
        _complain(line)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Give what is to be told how much is done; somebody at a terminal sees it meanwhile."""
    shown = sys.stderr.isatty()

    def note(done: int) -> None:
        if shown and done % _EVERY == 0:
            sys.stderr.write(f"{_CLEAR}{done} {what} ")
            sys.stderr.flush()

    try:
        yield note
    finally:
        if shown:
            sys.stderr.write(_CLEAR)


def _complain(line: str) -> None:
    sys.stderr.write(f"{visible(line)}\n")


def _asked_for(key: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(key))


def _write(text: str) -> None:
    """Print, at once, for whoever waits for it."""
    sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()


def _cells(row: object, columns: Columns) -> list[str]:
    return [_cell(getattr(row, name)) for name in columns.values()]


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case _:
            return str(value)


def _inert(cell: str) -> str:
    """Spreadsheets run what begins like a formula (OWASP, CSV injection); names come from files."""
    cell = visible(cell)
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def _as_json(value: object) -> str:
    """Return JSON, in which characters that a terminal does not show are escaped."""
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False)
    return _HIDDEN.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _plain(value: Any) -> Any:
    """Return what JSON has a form for. Times are in ISO 8601, with their zone."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value


# ---------------------------------------------------------------- running


def run(
    command: click.Command,
    program: str,
    arguments: Sequence[str] | None,
    statuses: Mapping[type[KioskError], int],
    extra: str = "",
) -> int:
    """Run a command line; gives the process's exit status.

    It is what the command returns, or 0. `statuses`: those of errors, DECLINED where none is named.
    `extra`: what is to be installed if a library is missing.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        returned = command.main(args=given, prog_name=program, standalone_mode=False)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else program
        told = f"{sentence(error.format_message())} See `{path} --help`."
        return _fail(program, told, DECLINED, as_json=as_json)
    except click.ClickException as error:
        return _fail(program, sentence(error.format_message()), DECLINED, as_json=as_json)
    except click.Abort:
        return _INTERRUPTED
    except ImportError as error:
        return _fail(program, str(NotInstalled.of(error, extra)), DECLINED, as_json=as_json)
    except KioskError as error:
        status = next((s for kind, s in statuses.items() if isinstance(error, kind)), DECLINED)
        rows = getattr(error, "rows", ())
        return _fail(program, str(error), status, as_json=as_json, rows=rows)
    return returned if isinstance(returned, int) else 0


def _fail(
    program: str, reason: str, status: int, *, as_json: bool, rows: Sequence[Any] = ()
) -> int:
    if as_json:
        error: dict[str, object] = {"error": reason, "status": status}
        sys.stderr.write(_as_json({**error, "rows": rows} if rows else error) + "\n")
        return status
    for row in rows:
        _complain(f"{row.file}, line {row.line}, {row.field}: {row.reason}")
    # The library of the command line lists choices on lines of their own.
    told = reason.replace("\n", " ").replace("\t", "")
    _complain(f"{program}: {told}")
    return status
