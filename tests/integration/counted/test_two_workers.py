"""Two workers share the partitions: the same result as from one, also when one of them dies."""

from confluent_kafka.admin import AdminClient

from agents.settings import Settings
from tests.integration.counted.proof import Case, check, done, load, loaded
from tests.support.processes import Processes, Running, until

ANSWER_S = 5.0


def both_own_some(settings: Settings) -> bool:
    """Whether two members own the inputs' partitions between them: all of them, none twice, and each has some."""
    client = AdminClient({"bootstrap.servers": settings.broker})
    asked = client.describe_consumer_groups([settings.group])[settings.group]
    try:
        group = asked.result(timeout=ANSWER_S)
    except TimeoutError:  # librdkafka may lose a new client's first question: nothing is known, so ask again
        return False
    inputs = {(topic, n) for topic in settings.names.inputs for n in range(settings.partitions)}
    shares = [
        inputs & {(at.topic, at.partition) for at in member.assignment.topic_partitions}
        for member in group.members
        if member.assignment
    ]
    return len(shares) == 2 and all(shares) and sum(map(len, shares)) == len(inputs) == len(set.union(*shares))


def pair(broker_processes: Processes) -> list[Running]:
    """Start two workers; both are ready and own some partitions."""
    workers = [broker_processes.worker(number, ready=False) for number in (0, 1)]
    until(lambda: both_own_some(broker_processes.installation.settings()), 60, "both workers own partitions")
    for worker in workers:
        worker.wait_ready()
    return workers


def test_two_workers_share_the_partitions_and_give_the_same_result(broker_processes: Processes, sample: Case) -> None:
    workers = pair(broker_processes)
    loaded(load(broker_processes, sample.path))
    until(lambda: both_own_some(broker_processes.installation.settings()), 60, "both workers still own partitions")
    check(broker_processes, sample, workers)


def test_one_of_two_killed_in_the_middle_leaves_the_same_result_to_the_other(
    broker_processes: Processes, sample: Case
) -> None:
    one, other = pair(broker_processes)
    loading = load(broker_processes, sample.path, rate=12_000)
    until(lambda: done(broker_processes) > sample.lines / 3, 60, "a third is scored")
    one.kill()
    assert done(broker_processes) < sample.lines, "the load was over before the kill"
    loaded(loading)
    check(broker_processes, sample, [other])
