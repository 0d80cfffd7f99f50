"""What a test needs of the machine beyond pip: in CI a lack of it fails, elsewhere the test skips with the reason."""

import os

import pytest


def need(there: object, what: str) -> None:
    """Go on if it is there."""
    if not there:
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
