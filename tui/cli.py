"""The command line. It answers `--version` and `--help` before anything slow is imported.

Every command is a module of its own in tui/commands, imported when it is asked for; what a command needs beyond click
it imports when it runs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from patchdeck import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "watch": "tui.commands.watch",
    "demo": "tui.commands.demo",
    "replay": "tui.commands.replay",
    "record": "tui.commands.record",
    "recording": "tui.commands.recording",
    "startups": "tui.commands.startups",
    "services": "tui.commands.services",
    "contention": "tui.commands.contention",
    "rollout": "tui.commands.rollout",
    "policy": "tui.commands.policy",
    "doctor": "tui.commands.doctor",
}
"""Each module's `command` is the click command. Without a command it is the first."""

_OF_THE_GROUP = frozenset({"--version", "--help", "-h"})

USAGE, FAILURE, INTERRUPTED = 2, 1, 130


class Commands(click.Group):
    """Commands that are imported on demand, and errors that are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        return cast("click.Command", importlib.import_module(module).command) if module else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0])}")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`patchdeck --host prod-a` is `patchdeck watch --host prod-a`."""
        first = args[0] if args else ""
        is_option = first.startswith("-") and first not in _OF_THE_GROUP
        if is_option or not (first or ctx.resilient_parsing):
            args = ["watch", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The options of `watch` too, for the same reason."""
        watch = self.get_command(ctx, "watch") if incomplete.startswith("-") else None
        return super().shell_complete(ctx, incomplete) + (
            watch.shell_complete(ctx, incomplete) if watch else []
        )

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = "patchdeck",
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  # as click has it
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            _end(error.exit_code, one_line(error))
        except (click.Abort, KeyboardInterrupt):
            _end(INTERRUPTED)
        except BrokenPipeError:
            # Nobody reads any more (`| head`): what is left in the buffer must not be tried again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            _end(FAILURE)
        sys.exit(status if isinstance(status, int) else 0)


def _end(status: int, message: str = "") -> NoReturn:
    if message:
        click.echo(message, err=True)
    sys.exit(status)


def one_line(error: click.ClickException) -> str:
    """Who says it, what is wrong and, for a wrong use, where the right one is told."""
    command = "patchdeck"
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        command = error.ctx.command_path
        hint = f" (see {command} --help)"
    text = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and isinstance(error.ctx.command, click.Group):
        # Its message is all of the help, which is no line.
        text = f"expected a command: {', '.join(error.ctx.command.list_commands(error.ctx))}"
    text = text[:1].lower() + text[1:] if hint else text
    if type(error) is click.BadParameter and isinstance(error.param, click.Option) and error.ctx is not None:
        text = f"{_where(error.param, error.ctx)}: {' '.join(error.message.split()).rstrip('.')}"
    return "".join(char if char.isprintable() else "?" for char in f"{command}: {text}{hint}")


def _where(option: click.Option, ctx: click.Context) -> str:
    """Where a value was given: the option, or the variable of the environment that stands for it."""
    given = ctx.get_parameter_source(option.name or "")
    by_environment = given is click.core.ParameterSource.ENVIRONMENT
    return str(option.envvar) if by_environment else option.opts[0]


def nearest(name: str, *, known: Sequence[str] = tuple(COMMANDS)) -> str:
    """For the end of a sentence about a name that is not known."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


@click.group(
    "patchdeck",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
    Examples:
      patchdeck                                     the console on the engine that Docker's own rules select
      patchdeck --host prod-a --host prod-b         on two Docker contexts
      patchdeck demo                                on a simulated engine: needs no Docker
      patchdeck startups --for 5m --format json     one line for each startup of the next five minutes
      patchdeck services                            which versions are running, and how long they take to start
      patchdeck record change.pdrec                 what happens, into a file that `patchdeck replay` shows
      patchdeck contention                          what startups wait for, and how many at once it can take
      patchdeck rollout run shop/web --to web:1.1   move a service to another image
      patchdeck doctor                              what is there, what is not, and what to do about it
    """,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Watch how long containers take to start while they are being patched under load.

    Without a command the console opens, as with `patchdeck watch`, whose options it then takes.
    """
