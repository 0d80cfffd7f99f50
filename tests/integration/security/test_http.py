"""The real serve process, asked by strangers: what they cannot reach, and what they cannot use up."""

import contextlib
import re
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from agents import endpoint
from agents.embedded.valkey import Valkey
from agents.serve.web import door
from agents.supervise.ports import LOOPBACK
from tests.ground.installation import fresh
from tests.ground.locked import LockedKafka
from tests.ground.processes import Processes, Running, until
from tests.integration.security.raw import answer, ask, get, hung_up

TOKEN = "sesame-4b1d-ünlock"
BEARER = b"Authorization: Bearer " + TOKEN.encode()
OPEN = ("/livez", "/readyz", "/sign-in")
PATHS = ("/", "/page/app.js", "/events?brand=miot", "/brands", "/brands/miot/top", "/fans/miot/a", "/fans/miot/a/flags")
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.fixture(scope="module")
def served(locked: LockedKafka, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A serve process that asks for a token; it survives all of this."""
    made = fresh(tmp_path_factory.mktemp("served"), locked.internal, valkey.url)
    made.create_topics()
    processes = Processes(made)
    yield processes.serve(WEB_TOKEN=TOKEN)
    processes.end()


def metrics_port(serve: Running) -> int:
    return int(serve.environ["FANPULSE_METRICS_PORT"]) + 1


def is_quiet(serve: Running) -> None:
    """Make sure that nothing of all that made the process tell of an error of its own, and that it answers."""
    assert get(serve.port, "/readyz").status == 200
    assert "Traceback" not in serve.words(2000)
    assert "Error handling request" not in serve.words(2000)


def test_only_this_machine_is_answered_unless_told_otherwise(served: Running) -> None:
    for port in (served.port, metrics_port(served)):
        with socket.create_connection((LOOPBACK, port), 5):
            pass
        # the whole of 127/8 is this machine, so only a server that listens anywhere answers on another address of it
        with pytest.raises(OSError), socket.create_connection(("127.0.0.9", port), 5):  # noqa: PT011
            pytest.fail(f"port {port} answers at an address that nobody asked for")


def test_without_the_token_nothing_is_shown(served: Running) -> None:
    wrong = [
        b"Authorization: Bearer " + word
        for word in (b"", b"sesame", TOKEN.encode() + b"x", b"\xff\xfe", b"\x80" * 5000)
    ]
    others = [
        b"Authorization: Basic " + TOKEN.encode(),
        b"Cookie: fanpulse=" + TOKEN.encode(),
        b"Cookie: fanpulse=\xff",
    ]
    for path in PATHS:
        for headers in ([], *([one] for one in (*wrong, *others)), [b"X-Forwarded-For: 127.0.0.1"]):
            said = get(served.port, path, *headers)
            assert said.status == 401, (path, headers, said)
            assert TOKEN.encode() not in said.body
    for path in (*PATHS[3:], "/page/app.js"):
        assert get(served.port, path, BEARER).status in {200, 404}
    is_quiet(served)


def test_probes_and_sign_in_ask_for_no_token_and_nothing_else_gets_through_by_a_trick(served: Running) -> None:
    assert [get(served.port, path).status for path in OPEN[:2]] == [200, 200]
    tricks = [
        "/livez/../brands",
        "/livez/%2e%2e/brands",
        "//brands",
        "/brands/",
        "/livez;/brands",
        "/sign-in/../brands",
    ]
    for path in [*tricks, "/brands?x=/livez", "/brands#/livez", "/BRANDS", "/%62rands", "http://x/brands"]:
        said = get(served.port, path)
        assert said.status in {400, 401, 404}, (path, said)


def test_every_answer_has_the_headers_that_protect_a_browser(served: Running) -> None:
    for path in (*PATHS, *OPEN[:2], "/nowhere"):
        for more in ([], [BEARER]):
            if more and path.startswith("/events"):
                continue
            said = get(served.port, path, *more)
            policy = said.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            for name, value in HEADERS.items():
                if not (name == "cache-control" and said.headers.get("etag")):
                    assert said.headers[name] == value, (path, name)
            assert not re.search(r"aiohttp|python|\d\.\d", said.headers["server"].lower())


PLAYED = [
    "/%2e%2e/%2e%2e/etc/passwd", "/page/%2e%2e/app.py", "/page/..%2fapp.py", "/page/....//app.py", "/page//etc/passwd",
    "/page/%5c..%5capp.py", "/fans/%2e%2e/%2e%2e", "/fans/miot/%00", "/fans/%00/%00", "/fans/miot/a%00b/flags",
    "/fans/miot/%ff", "/fans/%c0%80/a", "/fans/miot/%ed%a0%80", "/fans/miot/%", "/fans/miot/%zz",
    "/fans/miot/%0d%0aX:%20y",
    "/fans/miot/" + "a" * 4000, "/brands/" + "%e7%8c%ab" * 800 + "/top", "/fans/miot/<script>alert(1)</script>",
    "/fans/miot/%3Cimg%20src=x%3E", "/fans/miot/*", "/brands/*/top", "/brands/[a-z]/flags",
    "/brands/miot/top?limit=1e9",
    "/brands/miot/top?limit=%00", "/brands/miot/flags?shelf=%ff%fe", "/brands?" + "a=b&" * 1500, "/fans/miot/a?%00=%ff",
]  # fmt: skip
RAW = [b"/fans/miot/\xff\xfe", b"/fans/\xe7\x8c/\xab", b"/brands/miot/flags?shelf=\xff", b"/events?brand=\xff\xff"]


@pytest.mark.parametrize("path", [*PLAYED, *RAW], ids=lambda path: repr(path[:30]))
def test_no_path_reaches_the_disk_or_an_error_of_ours(path: str | bytes, served: Running) -> None:
    said = get(served.port, path, BEARER)
    assert said.status in {200, 400, 404}, said
    assert b"root:" not in said.body
    assert b"import " not in said.body
    assert "x" not in said.headers, "a header was put in"
    if said.status == 200:
        assert said.headers["content-type"].startswith("application/json")
    assert "Traceback" not in served.words(200)


QUESTIONS = {
    "a header of 1 MB": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "a line of 1 MB": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
    "10,000 headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "two lengths": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "length and chunks": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length that is none": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    "a bad chunk": b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
    "a name that no token is": b"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question_that_is_too_large_or_none_is_refused(what: str, served: Running) -> None:
    said = ask(served.port, QUESTIONS[what])
    assert said.status == 0 or 400 <= said.status < 500, said
    assert b"Traceback" not in said.body
    is_quiet(served)


FORM = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded"
BODIES = {
    "1 MB": (b"", b"token=" + b"a" * 1_000_000, 413),
    "a charset that is none": (b"; charset=nonsense", b"token=a", 401),
    "a charset of surrogates": (b"; charset=utf-7", b"token=%2B2AA-", 401),
    "not what its encoding says": (b"\r\nContent-Encoding: deflate", b"token=a", 400),
    "bad UTF-8": (b"", b"token=%ff%fe", 401),
    "many fields": (b"", b"a&" * 2000, 401),
    "a token in parts": (b"", b"token=sesame&token=-4b1d", 401),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_form_that_is_none_signs_nobody_in(what: str, served: Running) -> None:
    charset, body, status = BODIES[what]
    said = ask(served.port, FORM + charset + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert said.status == status
    assert "set-cookie" not in said.headers
    is_quiet(served)


def test_the_right_form_signs_a_browser_in(served: Running) -> None:
    body = f"token={quote(TOKEN)}".encode()
    said = ask(served.port, FORM + b"; charset=nonsense\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert (said.status, said.headers["location"]) == (303, "/")
    cookie = said.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "sesame" not in cookie
    assert get(served.port, "/brands", b"Cookie: " + cookie.partition(";")[0].encode()).status == 200


def test_a_compressed_form_is_not_blown_up(served: Running) -> None:
    body = zlib.compress(b"token=" + b"a" * 50_000_000)  # 50 KB
    before = memory(served)
    said = ask(served.port, FORM + b"\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert said.status in {400, 413}
    assert memory(served) - before < 20_000_000


def memory(serve: Running) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f"/proc/{serve.pid}/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET /brands HTTP/1.1\r\nHost: a\r\n"])
def test_who_does_not_come_to_the_point_is_hung_up_on(begun: bytes, served: Running) -> None:
    with socket.create_connection((LOOPBACK, served.port)) as line:
        line.sendall(begun)
        assert hung_up(line, door.ASK_S + 5) <= door.ASK_S + 3


def test_who_drips_is_hung_up_on_and_disturbs_nobody(served: Running) -> None:
    """Slowloris: a header line now and then, for as long as one is let."""
    lines = [socket.create_connection((LOOPBACK, served.port)) for _ in range(100)]
    with contextlib.ExitStack() as stack:
        for line in lines:
            stack.enter_context(line)
            line.sendall(b"GET /brands HTTP/1.1\r\n")
        began, alive = time.monotonic(), set(lines)

        def all_gone() -> bool:
            for line in list(alive):
                try:
                    line.sendall(b"X: y\r\n")
                except OSError:
                    alive.discard(line)
            assert get(served.port, "/livez").status == 200
            return not alive

        until(all_gone, door.ASK_S + 10, lambda: f"{len(alive)} who drip are still connected")
        assert time.monotonic() - began > 1
    is_quiet(served)


def test_a_slow_form_is_given_up(served: Running) -> None:
    with socket.create_connection((LOOPBACK, served.port)) as line:
        line.sendall(FORM + b"\r\nContent-Length: 20\r\n\r\ntok")
        assert answer(line).status == 408


def test_more_clients_than_there_is_room_for_are_told_so_and_make_room_again(served: Running) -> None:
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection((LOOPBACK, served.port))) for _ in range(door.MOST + 250)]
        told = [answer(line, 5).status for line in lines[-40:]]
        assert set(told) == {503}
    until(lambda: get(served.port, "/livez").status == 200, 10, "room again")
    is_quiet(served)


def test_the_metrics_port_hangs_up_on_who_drips_and_has_room_for_others(served: Running) -> None:
    port = metrics_port(served)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection((LOOPBACK, port))) for _ in range(endpoint.MOST)]
        alive = set(lines)

        def all_gone() -> bool:
            for line in list(alive):
                try:
                    line.sendall(b"G")
                except OSError:
                    alive.discard(line)
            return not alive

        until(all_gone, endpoint.WHOLE_S + 5, lambda: f"{len(alive)} are still connected")
        assert get(port, "/metrics").status == 200
    for path in ("/%2e%2e/etc/passwd", "/\x00", b"/\xff", "/" + "a" * 70_000):
        assert get(port, path).status in {400, 404, 414}
    for what in ("a header of 1 MB", "10,000 headers", "no HTTP"):
        assert ask(port, QUESTIONS[what]).status in {0, 400, 414, 431}
    is_quiet(served)
