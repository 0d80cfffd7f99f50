"""Who may ask, and what every answer carries: the token, headers, and errors as JSON."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from agents.serve.copy.connection import LOST
from agents.serve.metrics import Metrics
from agents.serve.web.answers import error_of

log = logging.getLogger(__name__)

COOKIE = "fanpulse"
OPEN = {"/livez", "/readyz", "/sign-in"}
HEADERS = {
    # Ids come from strangers: should one ever get into the page as markup, nothing of it runs.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
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
    seal = sha256(token.encode()).hexdigest()  # the cookie is not the token itself

    def is_known(request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
            return True
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), seal.encode())

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
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
        given = str((await request.post()).get("token", ""))
        if not hmac.compare_digest(given.encode(), token.encode()):
            return web.Response(status=401, text=SIGN_IN, content_type="text/html")
        response = web.Response(status=303, headers={"Location": "/"})
        seal = sha256(token.encode()).hexdigest()
        response.set_cookie(COOKIE, seal, httponly=True, samesite="Lax", secure=request.secure, path="/")
        return response

    return handler
