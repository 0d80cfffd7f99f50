"""Authentication middleware: a bearer token for programs, a sign-in form and a cookie for browsers."""

import hmac
from asyncio import timeout
from collections.abc import Awaitable, Callable, Collection
from hashlib import sha256
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from agents.http.responses import error_response

COOKIE = "fanpulse"
SIGN_IN_PATH = "/sign-in"
FORM_TIMEOUT_S = 5  # for a browser to send the form
MAX_FORM_BYTES = 4096
SIGN_IN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>fanpulse</title>
<form method="post" action="/sign-in"><input name="username" autocomplete="username" value="fanpulse" hidden>
<label>Token · 令牌 <input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button>Open · 打开</button></form></html>"""


def require_token(token: str, public: Collection[str], page: str = "/") -> Middleware:
    """Return the middleware that answers 401 to requests without the token.

    Args:
        token: what a request must carry, as a bearer token or in the cookie; empty: every request passes.
        public: paths that never ask for it, for example probes.
        page: the path where a browser gets the sign-in form instead of JSON.
    """
    cookie = _cookie_value(token)

    def is_authorized(request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _is_equal(given.strip(), token):
            return True
        return _is_equal(request.cookies.get(COOKIE, ""), cookie)

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not token or request.path in public or request.path == SIGN_IN_PATH or is_authorized(request):
            return await handler(request)
        if request.path == page:
            return _sign_in_page()
        refusal = error_response(401, "this needs the token: Authorization: Bearer ...")
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal

    return authenticate


def sign_in(token: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of the sign-in form: it sets the cookie and redirects to the page.

    Bound the body with ``client_max_size=MAX_FORM_BYTES``.
    """

    async def handler(request: web.Request) -> web.Response:
        try:
            async with timeout(FORM_TIMEOUT_S):
                body = await request.read()  # the charset that the client names may be anything
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the form did not arrive in time") from None
        except web.RequestPayloadError:
            raise web.HTTPBadRequest(text="the form cannot be read") from None
        form = parse_qs(body.decode("ascii", "replace"), errors="surrogateescape")
        if not _is_equal(form.get("token", [""])[0], token):
            return _sign_in_page()
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            COOKIE, _cookie_value(token), httponly=True, samesite="Lax", secure=request.secure, path="/"
        )
        return response

    return handler


def _sign_in_page() -> web.Response:
    return web.Response(status=401, text=SIGN_IN_PAGE, content_type="text/html")


def _cookie_value(token: str) -> str:
    """Return a digest: the cookie must not contain the token itself."""
    return sha256(token.encode(errors="surrogateescape")).hexdigest()


def _is_equal(given: str, expected: str) -> bool:
    """Compare in constant time; header values may hold bytes that are not UTF-8."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode(errors="surrogateescape"))
