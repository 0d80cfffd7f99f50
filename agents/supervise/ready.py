"""Is a process of ours ready: its own `/readyz`, asked directly."""

import http.client

READY_TIMEOUT_S = 2.0


def is_ready(host: str, port: int, path: str = "/readyz") -> bool:
    """Whether a GET is answered with 200; not through a proxy, whatever the environment names."""
    line = http.client.HTTPConnection(host, port, timeout=READY_TIMEOUT_S)
    try:
        line.request("GET", path)
        return line.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
