"""Workers and the serve process as the tests start, kill and restart them."""

import signal

import pytest

from agents.supervise.ready import is_ready
from tests.support.installation import Installation
from tests.support.processes import Processes


def test_a_killed_worker_is_ready_again_at_the_same_port(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    worker = processes.worker()
    worker.kill()
    assert worker.wait_end() == -signal.SIGKILL
    assert not is_ready("127.0.0.1", worker.port)
    worker.start()
    worker.wait_ready()
    assert worker.terminate() == 0


def test_serve_answers_at_its_page_and_stops(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    serve = processes.serve()
    assert is_ready("127.0.0.1", serve.port, "/livez")
    assert serve.terminate() == 0


def test_one_that_cannot_start_fails_with_its_log(processes: Processes) -> None:
    with pytest.raises(AssertionError, match=r"(?s)worker-0 ended with 78.*topics are missing"):
        processes.worker()  # without topics
