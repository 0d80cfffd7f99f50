"""The parser that judges AsyncAPI documents, and a worker's real outputs."""

from pathlib import Path

import pytest

from tests.support.node import modules


@pytest.fixture(scope="session")
def node() -> Path:
    """Return where the locked packages are installed."""
    return modules(Path(__file__).parent / "node")
