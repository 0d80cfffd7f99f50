"""Loads the sentiment model: the one that ships, or a file of your own."""

from pathlib import Path

from agents.errors import ConfigError
from streams.sentiment.model import SentimentModel, read, shipped


def load_model(path: str | Path) -> SentimentModel:
    """Load the model file at ``path``; an empty path means the model that ships with the program.

    Raises:
        ConfigError: the file cannot be read, or is not a model that this version can use.
    """
    if not str(path):
        return shipped()
    try:
        return read(Path(path))
    except OSError as error:
        raise ConfigError(f"sentiment model {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
