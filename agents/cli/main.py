"""The `fanpulse` command: every subcommand is loaded when it is called, so that `--help` is quick."""

import importlib
import sys
from difflib import get_close_matches
from itertools import chain
from typing import Never

import click
from click.shell_completion import CompletionItem

from agents.errors import Exit, FanpulseError
from agents.extras import missing_extra

SECTIONS = {
    "Run": {
        "run": ("processes.run", "Start everything here: Kafka, Redis, a worker, the page, demo traffic."),
        "worker": ("processes.services", "Score fans: one of N stateful workers."),
        "serve": ("processes.services", "Serve the live page and lookups."),
    },
    "When something is wrong": {
        "doctor": ("inspect.doctor", "Check everything and say what to do: start here."),
        "lag": ("admin.offsets", "Show how many records the workers have not scored yet."),
        "offsets": ("admin.offsets", "Show applied and committed offsets, or skip records."),
        "dlq": ("publish.dlq", "List dead letters, or send them again."),
        "verify": ("inspect.verify", "Recompute sampled fans and compare them with what is published."),
        "replay": ("processes.replay", "Score again from an offset or a time, next to the running group."),
    },
    "Inspect": {
        "fan": ("inspect.fan", "Look up one fan, or lists of fans."),
        "flags": ("inspect.flags", "Follow flags as they are published."),
        "config": ("admin.config", "Show all settings and their values."),
    },
    "Prepare": {
        "topics": ("admin.topics", "Create, check or copy the topics."),
        "load": ("publish.load", "Publish events from a JSONL file."),
        "simulate": ("publish.simulate", "Publish demo traffic of fans with known behaviour."),
        "schema": ("admin.schema", "Write the contract for other services, or check it."),
        "completion": ("completion", "Print the completion script of a shell."),
    },
    "Learn": {
        "fit": ("offline.fit", "Fit churn parameters, or train a sentiment model."),
        "backtest": ("offline.backtest", "Measure churn risk, churn flag and sentiment."),
        "sentiment": ("offline.sentiment", "Score texts with the sentiment model."),
    },
}
COMMANDS = dict(chain.from_iterable(section.items() for section in SECTIONS.values()))
CODES = {
    Exit.OK: "success",
    Exit.FAILED: "a check found a problem, or the request was refused",
    Exit.USAGE: "wrong command line: see --help",
    Exit.UNAVAILABLE: "a server does not answer: try again",
    Exit.FAIL_STOP: "a worker could not be sure of its state: start it again",
    Exit.PORT_TAKEN: "a port is in use",
    Exit.CONFIG: "wrong settings, topics or parameter file: correct them first",
}


class Commands(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"agents.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a typing error is answered with the nearest command."""
        if args and args[0] not in COMMANDS and (near := get_close_matches(args[0], COMMANDS, 1)):
            ctx.fail(f"no command {args[0]!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's line without importing it, and the exit codes."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<10}", about) for name, (_, about) in commands.items()])
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{int(code):<10}", meaning) for code, meaning in CODES.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names with this beginning, without importing them: a shell waits for the answer."""
        found = [
            CompletionItem(name, help=about) for name, (_, about) in COMMANDS.items() if name.startswith(incomplete)
        ]
        return found or super().shell_complete(ctx, incomplete)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="fanpulse", prog_name="fanpulse")
def cli() -> None:
    """Real-time fan engagement on Kafka: scores, churn and negative sentiment as they happen.

    Settings come from the environment (FANPULSE_*); `fanpulse config show` lists them. Every command that prints data
    prints it for programs with --json.
    """


def main() -> None:
    """Run the command line; an expected error is one sentence and an exit code."""
    try:
        cli(prog_name="fanpulse", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except FanpulseError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        if (sentence := missing_extra(error)) is None:
            raise
        _fail(sentence)


def _fail(error: FanpulseError) -> Never:
    click.secho(f"fanpulse: {error}", err=True, fg="red")
    sys.exit(error.code)
