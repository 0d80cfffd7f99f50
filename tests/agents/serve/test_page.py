"""Claims about the page's files: its modules do what their own tests say, and every text that they name exists."""

import re
import shutil
import subprocess
from pathlib import Path

from agents.serve.app import PAGE
from tests.needed import need

TESTS = Path(__file__).parent / "page"
MAX_COLUMNS = 120


def test_the_modules_pass_their_tests() -> None:
    node = shutil.which("node")
    need(node, "node is missing: apt-get install nodejs")
    assert node
    tests = [str(path) for path in sorted(TESTS.glob("*.test.mjs"))]
    assert tests
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_text_that_is_named_exists_and_every_text_is_named() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PAGE.iterdir() if path.suffix in {".js", ".html"})
    code = re.sub(r"export const (EN|ZH) = \{.*?\n\};", "", source, flags=re.DOTALL)
    english = set(re.findall(r"^  (\w+):", (PAGE / "en.js").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:texts\(\)|\bwords)\.(?!js\b)(\w+)", code)) | set(
        re.findall(r'data-(?:text|label)="(\w+)"', code)
    )
    assert named <= english, named - english
    looked_up = {"connecting", "reconnecting", "likes", "reposts", "comments", "purchases", "median", "p95"}
    looked_up |= {"waitingNow", "unitRate", "unitWait", "unitLag", "paused"}  # by a name in a value
    looked_up |= {f"{chart}Title" for chart in ("traffic", "wait", "lag")}
    assert english - named <= looked_up, english - named - looked_up


def test_no_line_is_too_long_to_read() -> None:
    for path in PAGE.iterdir():
        if path.suffix in {".js", ".css", ".html"}:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                assert len(line) <= MAX_COLUMNS, f"{path.name}:{number}"
