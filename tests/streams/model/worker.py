"""A worker with the tests' own model: `python -m tests.streams.model.worker worker`."""

from agents.logs import configure
from agents.settings import read
from agents.worker.process import run
from tests.streams.model.composed import TEST_MODEL

if __name__ == "__main__":
    settings = read()
    configure(settings)
    run(settings, TEST_MODEL)
