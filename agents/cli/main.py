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
        "run": ("processes.run", "Start all of it here: Kafka, Redis, a worker, the page, traffic."),
        "worker": ("processes.worker", "Score fans: one of N stateful workers."),
        "serve": ("processes.serve", "Serve the page and lookups."),
    },
    "When something is wrong": {
        "doctor": ("check.doctor", "Check all that is needed, and say what to do: begin here."),
        "lag": ("look.lag", "Show how far the workers are behind."),
        "dlq": ("look.dlq", "List dead letters, or send them again."),
        "verify": ("check.verify", "Compute sampled fans again, and compare with what is published."),
        "replay": ("feed.replay", "Score again from an offset or a time, beside what runs."),
    },
    "Look": {
        "fan": ("look.fan", "Look up a fan, or lists of fans."),
        "flags": ("look.flags", "Follow flags as they come."),
        "config": ("check.config", "Show the settings in force."),
    },
    "Prepare": {
        "topics": ("check.topics", "Create or check the topics."),
        "load": ("feed.load", "Publish events from a JSONL file."),
        "simulate": ("feed.simulate", "Send demo traffic of known personas."),
        "schema": ("check.schema", "Write the contract for other services, or check it."),
        "completion": ("completion", "Print a script that makes a shell complete commands."),
    },
    "Learn": {
        "fit": ("offline.fit", "Fit churn parameters, or train a sentiment model."),
        "backtest": ("offline.backtest", "Measure churn risk, churn flag and sentiment."),
        "sentiment": ("offline.sentiment", "Score texts with the sentiment model."),
    },
}
COMMANDS = dict(chain.from_iterable(section.items() for section in SECTIONS.values()))
CODES = {
    Exit.OK: "done",
    Exit.FAILED: "a check found something, or a request was refused",
    Exit.USAGE: "the command line is not as it must be",
    Exit.UNAVAILABLE: "a server is not there",
    Exit.FAIL_STOP: "a worker that could not go on safely: start it again",
    Exit.PORT_TAKEN: "a port is taken",
    Exit.CONFIG: "settings, topics or the parameter file are not as they must be",
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
        """Find the command; a slip of the pen is answered with what may have been meant."""
        if args and args[0] not in COMMANDS and (near := get_close_matches(args[0], COMMANDS, 1)):
            ctx.fail(f"no command {args[0]!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's line without importing it, and the exit codes."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<10}", about) for name, (_, about) in commands.items()])
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{int(code):<10}", said) for code, said in CODES.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin so, without importing them: a shell waits for the answer."""
        said = [
            CompletionItem(name, help=about) for name, (_, about) in COMMANDS.items() if name.startswith(incomplete)
        ]
        return said or super().shell_complete(ctx, incomplete)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="fanpulse", prog_name="fanpulse")
def cli() -> None:
    """Real-time fan engagement on Kafka: scores, churn and negative sentiment as they happen.

    Settings are read from the environment (FANPULSE_*); `fanpulse config show` lists them. Wherever data is printed,
    --json prints it for programs.
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
