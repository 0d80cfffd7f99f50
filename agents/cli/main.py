"""The `fanpulse` command: every subcommand is loaded when it is called, so that `--help` is quick."""

import importlib
import sys

import click

from agents.errors import Exit, FanpulseError

COMMANDS = {
    "run": ("processes.run", "Start everything here: Kafka, Redis, a worker, the page, demo traffic."),
    "worker": ("processes.worker", "Score fans: one of N stateful workers."),
    "serve": ("processes.serve", "Serve the page and lookups from the output topics."),
    "simulate": ("feed.simulate", "Send demo traffic of known personas."),
    "load": ("feed.load", "Publish events from a JSONL file."),
    "topics": ("check.topics", "Create or check the topics."),
    "doctor": ("check.doctor", "Check broker, topics, Redis, clock and disk."),
    "config": ("check.config", "Show the settings in force."),
    "fan": ("look.fan", "Look up a fan, or lists of fans."),
    "flags": ("look.flags", "Follow flags as they come."),
    "fit": ("learn.fit", "Learn churn parameters or a sentiment model."),
    "backtest": ("learn.backtest", "Measure churn risk, churn flag and sentiment."),
    "sentiment": ("learn.sentiment", "Score texts with the sentiment model."),
    "dlq": ("look.dlq", "List dead letters, or send them again."),
    "lag": ("look.lag", "Show how far the workers are behind."),
    "verify": ("check.verify", "Work out sampled fans anew, and compare with what is published."),
    "replay": ("feed.replay", "Score again from an offset or a time, beside what runs."),
}


class Commands(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"agents.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's line without importing it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="fanpulse", prog_name="fanpulse")
def cli() -> None:
    """Real-time fan engagement on Kafka: scores, churn and negative sentiment as they happen.

    Settings are read from the environment (FANPULSE_*); `fanpulse config show` lists them.
    """


def main() -> None:
    """Run the command line; an expected error is one sentence and an exit code."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except FanpulseError as error:
        click.secho(f"fanpulse: {error}", err=True, fg="red")
        sys.exit(error.code)
