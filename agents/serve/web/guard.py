"""Who may ask, and what every answer carries: the token, headers, and errors as JSON."""

import hmac
import logging
from asyncio import timeout
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from agents.serve.copy.connection import LOST
from agents.serve.metrics import Metrics
from agents.serve.web.answers import error_of

log = logging.getLogger(__name__)

COOKIE = "fanpulse"
FORM_S = 5  # for a browser to send the form
OPEN = {"/livez", "/readyz", "/sign-in"}
HEADERS = {
    # Ids come from strangers: should one ever get into the page as markup, nothing of it runs.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",
    "Server": "fanpulse",
}
SIGN_IN = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>fanpulse</title>
<form method="post" action="/sign-in"><input name="username" autocomplete="username" value="fanpulse" hidden>
<label>Token · 令牌 <input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button>Open · 打开</button></form></html>"""


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the common headers on an answer, a stream's too."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def guard(token: str, metrics: Metrics) -> Middleware:
    """Return the middleware that asks for the token and turns every error into JSON."""
    seal = _seal(token)

    def is_known(request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _is_same(given.strip(), token):
            return True
        return _is_same(request.cookies.get(COOKIE, ""), seal)

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_text(request.raw_path):
            return error_of(400, "the address is not UTF-8")
        if token and request.path not in OPEN and not is_known(request):
            if request.path == "/":
                return web.Response(status=401, text=SIGN_IN, content_type="text/html")
            refusal = error_of(401, "this needs the token: Authorization: Bearer ...")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        try:
            return await handler(request)
        except web.HTTPException as error:
            return error_of(error.status, error.text or error.reason)
        except LOST as error:
            log.debug("%s cannot be answered: %s", request.path, error)
            return error_of(503, "Redis does not answer")

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await answer(request, handler)
        metrics.requests.labels(f"{response.status // 100}xx").inc()
        return response

    return counted


def sign_in(token: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of the form that a browser without the token is shown."""

    async def handler(request: web.Request) -> web.Response:
        try:
            async with timeout(FORM_S):
                body = await request.read()  # not as its charset says, which may be anything
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the form did not arrive in time") from None
        except web.RequestPayloadError:
            raise web.HTTPBadRequest(text="this is no form") from None
        form = parse_qs(body.decode("ascii", "replace"), errors="surrogateescape")
        given = form.get("token", [""])[0]
        if not _is_same(given, token):
            return web.Response(status=401, text=SIGN_IN, content_type="text/html")
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(COOKIE, _seal(token), httponly=True, samesite="Lax", secure=request.secure, path="/")
        return response

    return handler


def _seal(token: str) -> str:
    """Return what the cookie holds: not the token itself."""
    return sha256(token.encode(errors="surrogateescape")).hexdigest()


def _is_same(given: str, wanted: str) -> bool:
    """Compare in a time that does not tell where they differ; headers may hold bytes that are no UTF-8."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode(errors="surrogateescape"))


def _is_text(address: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in address)
