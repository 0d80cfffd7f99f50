"""Random histories of 400 days as text, run through a task, and everything that comes out as text.

As a program it reads histories, a JSON document a line, and writes what comes out of each: so that the same histories
can be run with other kernels.
"""

import json
import random
import sys
from collections.abc import Iterable
from typing import Any

from schemas.inputs import COMMENTS, LIKES
from schemas.inputs.declaration import Input
from streams.fans.model import MODEL, Model
from streams.rules.rule import DAY
from streams.wire.records import ByteSlices
from tests.streams.histories import START, advance, apply, brands, changelog, new_task, record, texts, tuned

HOUR = 3_600_000
Step = list[
    Any
]  # ["apply", input, [[ms, fan, fields], ...]], ["advance", ms, [inputs that lag]], ["poll", limit, later]
History = list[Step]


def history(seed: int, model: Model = MODEL, steps: int = 30) -> History:
    """Return a random history: bursts that reach caps, late and future orders, machines, anger, silence, timers."""
    rng = random.Random(seed)
    made: History = []
    day, number = 0, 0
    for _ in range(steps):
        choice = rng.random()
        day = min(400, day + rng.choice([0, 0, 0, 1, 1, 2, 7, 30]))
        if choice < 0.15:
            lag = [source.number for source in model.inputs if rng.random() < 0.1]
            made.append(["advance", day * DAY + rng.randrange(DAY), lag])
        elif choice < 0.25:
            made.append(["poll", rng.choice([1, 3, 1_000]), rng.random() < 0.7])
        else:
            source, acts = rng.choice(model.inputs), []
            at, fan = moments(rng, day, number)
            is_one, is_paid = bool(fan) or rng.random() < 0.7, rng.random() < 0.2
            whole = who(rng, fan), kind_of(rng, source)
            for moment in at:
                (name, brand), kind = whole if is_one else (who(rng, fan), kind_of(rng, source))
                fields = {"type": kind, "incentivized": is_paid or rng.random() < 0.2}
                fields |= {"sentiment": round(rng.uniform(-1, 1), 3)}
                fields |= {"event_id": f"e{number if rng.random() < 0.97 else number - 1}", "by_fan_id": "x"}
                fields |= {"brand_id": brand, "parent_fan_id": rng.choice([None, "f", "g", "h"])}
                acts.append([moment, name, fields])
                number += 1
            made.append(["apply", source.number, acts])
    return [*made, ["advance", 401 * DAY, []], ["poll", 1_000, True]]


def who(rng: random.Random, fan: str) -> tuple[str, str]:
    """Return a fan and a brand."""
    return fan or rng.choice("ffg"), rng.choice(["miot", "miot", "tuned", "unnamed"])


def kind_of(rng: random.Random, source: Input) -> str:
    """Return a type of event, mostly the input's own."""
    return rng.choices(source.kinds, [4] + [1] * (len(source.kinds) - 1))[0].name


def moments(rng: random.Random, day: int, number: int) -> tuple[list[int], str]:
    """Return moments of one batch, ms after START, and whose: some acts, a burst, a machine's, or of days long past."""
    choice = rng.random()
    if choice < 0.3:
        return sorted(day * DAY + rng.randrange(DAY) for _ in range(rng.randint(1, 5))), ""
    if choice < 0.6:
        return [day * DAY + n * n * 1_000 for n in range(rng.randint(20, 30))], ""
    if choice < 0.75:
        every = rng.choice([600_000, 600_001])
        return [day * DAY + n * every for n in range(rng.randint(5, 30))], f"machine-{number}"
    if choice < 0.82:
        return [(day + k) * DAY + n * n * 1_000 for k in range(6) for n in range(21)], f"eager-{number}"
    past = max(day - rng.choice([1, 6, 8, 62, 63, 64, 65, 70, 71, 128, 200]), 0)
    return [past * DAY + n * n * 1_000 for n in range(22)], ""


def old_caps() -> History:
    """Return a history in which caps are reached 71 to 64 days before the newest one, as by an import of old comments.

    A shift by 64 and more is undefined in LLVM: these days once marked the newest week, and the fan was a suspect.
    """
    made: History = []
    for source, back in [(LIKES, 0), *((COMMENTS, back) for back in range(71, 63, -1))]:
        fields = {"brand_id": "miot", "sentiment": 0.5}
        acts = [[(400 - back) * DAY + n * n * 1_000, "f", fields | {"event_id": f"{back}-{n}"}] for n in range(20)]
        made.append(["apply", source.number, acts])
    return [*made, ["poll", 1_000, True]]


def run(steps: History, model: Model = MODEL) -> list[str]:
    """Return what a task answers to each step: outcomes, transitions, and all output, as text."""
    of = brands(model, miot=tuned(model), tuned=tuned(model, version=2, daily_cap=3, talk_half_life=2.0))
    task, answers = new_task(model, of), []
    for step, *arguments in steps:
        if step == "apply":
            number, acts = arguments
            records = [record(n, at, fan, **fields) for n, (at, fan, fields) in enumerate(acts)]
            events = apply(task, model.inputs_by_number[number], records).events
            answers.append(f"outcomes {events['outcome'].tolist()} {events['emits_attribution'].tolist()}")
        elif step == "advance":
            at, lag = arguments
            answers.append(advance(task, at, [model.inputs_by_number[number] for number in lag]).tobytes().hex())
        else:
            limit, later = arguments
            output = task.poll_output(START, limit, later)
            answers += [*lines_of(output.scores), *lines_of(output.flags), str(output.attributions)]
            answers += [f"{one.key!r} {(one.value or b'').hex()}" for one in changelog(output)]
    columns, n = task.fans.columns, len(task.fans)
    answers += [columns.rows[:n].tobytes().hex(), str(columns.due[:n].tolist()), str(columns.class_counts.tolist())]
    return [*answers, columns.score_sums.tobytes().hex(), f"suspects {columns.rows['suspect'][:n].tolist()}"]


def lines_of(output: Iterable[tuple[ByteSlices, ByteSlices]]) -> list[str]:
    """Return keys and values as text."""
    return [
        f"{key!r} {value!r}" for keys, values in output for key, value in zip(texts(keys), texts(values), strict=True)
    ]


def main() -> None:
    """Answer histories on standard input, by the model that the first argument names."""
    model = MODEL
    if sys.argv[1:] == ["test"]:
        from tests.streams.model.composed import TEST_MODEL

        model = TEST_MODEL
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), model)), flush=True)


if __name__ == "__main__":
    main()
