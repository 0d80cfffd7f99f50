"""`fanpulse completion`: the script that makes a shell complete our commands and options."""

import click
from click.shell_completion import get_completion_class

COMMAND_NAME = "fanpulse"
VARIABLE = "_FANPULSE_COMPLETE"  # click's own name for it; if set, the program completes instead of running


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that makes SHELL complete commands and options.

    For this session: eval "$(fanpulse completion bash)", the same with zsh, or `fanpulse completion fish | source`.
    To keep it, write it to ~/.local/share/bash-completion/completions/fanpulse (bash), to _fanpulse in a directory of
    $fpath (zsh), or to ~/.config/fish/completions/fanpulse.fish (fish).
    """
    kind = get_completion_class(shell)
    assert kind is not None
    from agents.cli.main import cli

    script = kind(cli, {}, COMMAND_NAME, VARIABLE)
    click.echo(script.source_template % script.source_vars())
