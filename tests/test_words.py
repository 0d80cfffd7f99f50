"""The program speaks the words of Kafka Streams, Flink and Prometheus; words that it once made up do not come back."""

import ast
import io
import re
import subprocess
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Tokens of snake_case identifiers that once had a meaning of our own, and the term that took their place.
RETIRED = {
    "advance": {"turned", "turns"},
    "restore": {"takeover"},
    "on_seek": {"sought"},
    "pending output": {"outbox"},
    "dead_letters": {"letters", "letter"},
    "lag": {"lagging", "heard"},
    "record batch, chunk": {"block", "blocks", "pieces"},
    "byte slices": {"spans", "halves"},
    "poison-pill isolation": {"culprit", "shaken"},
    "gauges, accumulator": {"census", "tally"},
    "heartbeat": {"beat", "beats"},
    "batch size, capacity": {"pace", "room"},
    "dirty flags": {"todo"},
    "publish": {"announce", "announced", "announces", "announcement", "told", "tell", "tells", "said", "news"},
    "publish delay": {"settle", "settled", "settles"},
    "fire timers": {"wake"},
    "source": {"feed", "feeds"},
    "deduplicate": {"admit", "ring", "rings"},
    "attribution": {"credit", "credits", "earns"},
    "sentiment": {"mood", "moods", "feeling", "feelings"},
    "validator": {"sieve"},
    "back-test": {"trial", "trials"},
    "category": {"shelf", "shelves"},
    "top gainers": {"risers", "riser"},
    "dashboard, page model": {"board", "boards"},
    "connection limiter": {"door", "doors", "knock", "ear"},
    "scenario, population": {"scenes", "crowd", "strike"},
    "root, packages": {"house", "rooms"},
    "timeout": {"patience"},
    "plain English": {"anew", "nought", "beside", "gone", "came"},
}
EXCEPTED = {"came_back", "block_on_close"}  # a column of back-tests; a name of socketserver
PROSE = re.compile(
    r"\b(told|said|anew|nought|for ever|beside|take ?overs?|announce[ds]?|announcements?|settle[ds]?|moods?|credits?|"
    r"trials?|shel(?:f|ves)|risers?|culprits?|census|tally|he|his|him|himself|she|her|(?<!line )feeds?|"
    r"(?<!dead )(?<!dead-)letters?(?!-spacing| and digits))\b",
    re.IGNORECASE,
)
MOST_DEFINED_TWICE = 6
# History and figures of the past keep its words; vendored code keeps its own.
TEXTS = ("CHANGELOG.md", "tests/test_words.py", "agents/serve/page/vendor/", "docs/decisions/")
PROSE_FILES = re.compile(r"\.(py|md|ya?ml|toml|js|mjs|html|css|sh)$|Makefile$")


@cache
def tracked() -> list[str]:
    names = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split("\n")
    return [name for name in names if name and not name.startswith(TEXTS) and (ROOT / name).is_file()]


@cache
def parsed(name: str) -> ast.Module:
    """Return the syntax tree of a tracked module."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def tokens(name: str) -> set[str]:
    """Return the words of an identifier.

    >>> sorted(tokens("SETTLE_S") | tokens("_deadLetters"))
    ['dead letters', 's', 'settle']
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_").replace("dead_letter", "dead letter")
    return set(words.split("_"))


def defined(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module defines: classes, functions, arguments, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case _:
                pass


def prose(name: str, source: str) -> Iterator[tuple[int, str]]:
    """Yield comments, docstrings and messages (strings with a space or a full stop) with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search("[ .]", node.value):
            yield from enumerate(node.value.split("\n"), node.lineno)


def test_identifiers_use_the_terms_of_the_field() -> None:
    terms = {word: term for term, words in RETIRED.items() for word in words}
    found = defaultdict(set)
    for name in tracked():
        if name.endswith(".py"):
            for identifier in defined(parsed(name)):
                if identifier in EXCEPTED or identifier.startswith("test_"):
                    continue
                for word in tokens(identifier) & terms.keys():
                    found[f"{name}: {identifier}"].add(f"{word} -> {terms[word]}")
    assert not found, "\n".join(f"{place}: {', '.join(sorted(why))}" for place, why in sorted(found.items()))


def test_prose_is_plain_english() -> None:
    found = []
    for name in tracked():
        if PROSE_FILES.search(name):
            text = (ROOT / name).read_text(encoding="utf-8")
            lines = prose(name, text) if name.endswith(".py") else enumerate(text.split("\n"), 1)
            found += [f"{name}:{n}: {hit[0]}: {line.strip()[:120]}" for n, line in lines if (hit := PROSE.search(line))]
    assert not found, "\n".join(found)


def test_a_class_and_a_constant_are_defined_once() -> None:
    # A rule is one file with a State, Settings and a RULE of its own; see streams/rules/rule.py.
    shape = {"State", "Settings", "RULE", "FLAG"}
    places: defaultdict[str, set[str]] = defaultdict(set)
    for name in tracked():
        if name.endswith(".py") and name.startswith(("agents/", "streams/", "schemas/", "deploy/")):
            for node in parsed(name).body:
                for defined_name in names_of(node):
                    places[defined_name].add(name)
    twice = {name: sorted(files) for name, files in places.items() if len(files) > 1 and name not in shape}
    assert len(twice) <= MOST_DEFINED_TWICE, "\n".join(f"{name}: {files}" for name, files in sorted(twice.items()))


def names_of(node: ast.stmt) -> list[str]:
    """Return the class or the constants that a top-level statement defines."""
    if isinstance(node, ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [one.id for one in flat if isinstance(one, ast.Name) and one.id.isupper()]
