"""The real serve process, asked by strangers: what they cannot reach, and what they cannot use up."""

import re
import socket
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from agents.supervise.ports import LOOPBACK
from tests.integration.security.raw import FORM, QUESTIONS, TOKEN, ask, get, is_quiet, metrics_port
from tests.support.processes import Running

BEARER = b"Authorization: Bearer " + TOKEN.encode()
OPEN = ("/livez", "/readyz", "/sign-in")
PATHS = ("/", "/page/app.js", "/events?brand=miot", "/brands", "/brands/miot/top", "/fans/miot/a", "/fans/miot/a/flags")
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


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
            result = get(served.port, path, *headers)
            assert result.status == 401, (path, headers, result)
            assert TOKEN.encode() not in result.body
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
        result = get(served.port, path)
        assert result.status in {400, 401, 404}, (path, result)


def test_every_answer_has_the_headers_that_protect_a_browser(served: Running) -> None:
    for path in (*PATHS, *OPEN[:2], "/nowhere"):
        for more in ([], [BEARER]):
            if more and path.startswith("/events"):
                continue
            result = get(served.port, path, *more)
            policy = result.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            for name, value in HEADERS.items():
                if not (name == "cache-control" and result.headers.get("etag")):
                    assert result.headers[name] == value, (path, name)
            assert not re.search(r"aiohttp|python|\d\.\d", result.headers["server"].lower())


PLAYED = [
    "/%2e%2e/%2e%2e/etc/passwd", "/page/%2e%2e/app.py", "/page/..%2fapp.py", "/page/....//app.py", "/page//etc/passwd",
    "/page/%5c..%5capp.py", "/fans/%2e%2e/%2e%2e", "/fans/miot/%00", "/fans/%00/%00", "/fans/miot/a%00b/flags",
    "/fans/miot/%ff", "/fans/%c0%80/a", "/fans/miot/%ed%a0%80", "/fans/miot/%", "/fans/miot/%zz",
    "/fans/miot/%0d%0aX:%20y",
    "/fans/miot/" + "a" * 4000, "/brands/" + "%e7%8c%ab" * 800 + "/top", "/fans/miot/<script>alert(1)</script>",
    "/fans/miot/%3Cimg%20src=x%3E", "/fans/miot/*", "/brands/*/top", "/brands/[a-z]/flags",
    "/brands/miot/top?limit=1e9",
    "/brands/miot/top?limit=%00", "/brands/miot/flags?category=%ff%fe", "/brands?" + "a=b&" * 1500,
    "/fans/miot/a?%00=%ff",
]  # fmt: skip
RAW = [b"/fans/miot/\xff\xfe", b"/fans/\xe7\x8c/\xab", b"/brands/miot/flags?category=\xff", b"/events?brand=\xff\xff"]


@pytest.mark.parametrize("path", [*PLAYED, *RAW], ids=lambda path: repr(path[:30]))
def test_no_path_reaches_the_disk_or_an_error_of_ours(path: str | bytes, served: Running) -> None:
    result = get(served.port, path, BEARER)
    assert result.status in {200, 400, 404}, result
    assert b"root:" not in result.body
    assert b"import " not in result.body
    assert "x" not in result.headers, "a header was put in"
    if result.status == 200:
        assert result.headers["content-type"].startswith("application/json")
    assert "Traceback" not in served.words(200)


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question_that_is_too_large_or_none_is_refused(what: str, served: Running) -> None:
    result = ask(served.port, QUESTIONS[what])
    assert result.status == 0 or 400 <= result.status < 500, result
    assert b"Traceback" not in result.body
    is_quiet(served)


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
    result = ask(served.port, FORM + charset + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert result.status == status
    assert "set-cookie" not in result.headers
    is_quiet(served)


def test_the_right_form_signs_a_browser_in(served: Running) -> None:
    body = f"token={quote(TOKEN)}".encode()
    result = ask(served.port, FORM + b"; charset=nonsense\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert (result.status, result.headers["location"]) == (303, "/")
    cookie = result.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "sesame" not in cookie
    assert get(served.port, "/brands", b"Cookie: " + cookie.partition(";")[0].encode()).status == 200


def test_a_compressed_form_is_not_blown_up(served: Running) -> None:
    body = zlib.compress(b"token=" + b"a" * 50_000_000)  # 50 KB
    before = memory(served)
    result = ask(served.port, FORM + b"\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert result.status in {400, 413}
    assert memory(served) - before < 20_000_000


def memory(serve: Running) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f"/proc/{serve.pid}/statm").read_text().split()[1]) * 4096
