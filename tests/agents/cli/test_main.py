"""The command line as a whole: help, exit codes, slips of the pen, completion in a real shell."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agents.cli.main import CODES, COMMANDS, cli
from agents.errors import Exit
from tests.needed import need

ROOT = Path(__file__).parents[3]
STAY = {"worker", "serve"}  # they print logs
PRINT = {"completion", "sentiment score"}  # what they print is for programs already


def fanpulse(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agents.cli", *words]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
    )


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with its words."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", one) for below, one in command.commands.items())
        else:
            yield name, command


def test_every_command_prints_for_programs_too() -> None:
    for name, command in leaves():
        has = any("--json" in option.opts for option in command.params)
        assert has == (name not in STAY | PRINT), name


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name, command in leaves():
        assert command.help, name
        cut = command.get_short_help_str(65).endswith("...") and " " in name  # the others' lines are in COMMANDS
        assert not cut, f"{name} is cut off in its group's help"
        for option in command.params:
            assert isinstance(option, click.Argument) or (isinstance(option, click.Option) and option.help), (
                f"{name} {option.name}"
            )


def test_the_help_names_every_command_and_exit_code_without_loading_any() -> None:
    code = "import sys; sys.argv = ['fanpulse', '--help']\ntry:\n import agents.cli.__main__ as m; m.main()\n"
    code += "except SystemExit: pass\nprint([name for name in sys.modules if name in {'kafka', 'numba', 'redis'}])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == "[]"
    words = {line.split()[0] for line in lines if line.startswith("  ") and line.split()}
    assert set(COMMANDS) <= words
    assert {str(int(code)) for code in Exit} <= words
    assert set(CODES) == set(Exit)


def test_a_slip_of_the_pen_is_answered() -> None:
    result = fanpulse("flgs")
    assert result.returncode == Exit.USAGE
    assert "did you mean 'flags'?" in result.stderr
    assert fanpulse("nosuchthing").returncode == Exit.USAGE
    assert "Usage: fanpulse lag" in fanpulse("lag", "--nothing").stderr


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m agents.cli config show | head -1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("fanpulse fa", "fan"), ("fanpulse fan to", "top"), ("fanpulse flags tail --ki", "--kind"),
     ("fanpulse flags tail --kind ch", "churn"), ("fanpulse completion z", "zsh")],
)  # fmt: skip
def test_bash_completes_commands_and_options(tmp_path: Path, line: str, wanted: str) -> None:
    need(shutil.which("bash"), "no bash on this machine")
    script = fanpulse("completion", "bash").stdout
    program = tmp_path / "fanpulse"
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m agents.cli "$@"\n')
    program.chmod(0o755)
    words = line.split()
    ask = f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}\n_fanpulse_completion fanpulse\n"
    ask += 'printf "%s\\n" "${COMPREPLY[@]}"'
    environ = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", ask], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == [wanted], done.stderr


def test_each_shell_has_a_script_of_its_own() -> None:
    signs = {
        "bash": "complete -o nosort -F",
        "zsh": "#compdef fanpulse",
        "fish": "complete --no-files --command fanpulse",
    }
    for shell, sign in signs.items():
        result = fanpulse("completion", shell)
        assert (result.returncode, result.stderr) == (0, "")
        assert sign in result.stdout
    assert fanpulse("completion", "tcsh").returncode == Exit.USAGE
