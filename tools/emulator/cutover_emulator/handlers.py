"""Functions that run: an invocation goes to a local address that was registered.

The emulator runs no code of functions: it is built for another processor, and no
container engine is needed. A test that wants a function to answer registers an
HTTP address of this machine for it; Invoke posts the event there and hands on what
comes back. The answer's header ``X-Amz-Function-Error`` makes it the error of a
function, another status than 200 one of Lambda itself, with the error's name in
``X-Amzn-ErrorType`` (AWS Lambda API reference, Invoke). A handler that does not
answer leaves the caller waiting, as a function does that hangs. An event that the
caller does not wait for (``X-Amz-Invocation-Type: Event``) is accepted at once and
handed over once: Lambda's queue, its repetitions and its destinations are not here.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from urllib.parse import unquote, urlsplit

HANDLERS_PATH = "/_cutover/lambda/handlers"

_INVOKE = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations/?$")
_KEPT = ("X-Amz-Function-Error", "X-Amzn-ErrorType", "Content-Type")
#: Longer than a function may take.
_TIMEOUT = 910

Answer = tuple[int, list[tuple[str, str]], bytes]


class Handlers:
    """The addresses by name of a function."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._lock = threading.Lock()

    def change(self, method: str, body: bytes) -> None:
        """Registers an address (POST, ``{"function": …, "url": …}``) or forgets all."""
        with self._lock:
            if method == "DELETE":
                self._urls.clear()
                return
            asked = json.loads(body)
            url = str(asked["url"])
            if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
                raise ValueError(f"url {url!r}: expected an address of this machine")
            self._urls[str(asked["function"])] = url

    def find(self, method: str, path: str) -> str | None:
        """The address that an invocation goes to; None for everything else."""
        match = _INVOKE.match(path)
        if method != "POST" or match is None:
            return None
        name = unquote(match.group(1)).split(":function:")[-1].split(":")[0]
        with self._lock:
            return self._urls.get(name)


def accept(url: str, event: bytes) -> Answer:
    """Hands an event over that nobody waits for; what comes of it is not told."""
    threading.Thread(target=forward, args=(url, event), daemon=True).start()
    return 202, [], b""


def forward(url: str, event: bytes) -> Answer:
    """Posts the event and returns status, headers and body of the answer."""
    request = urllib.request.Request(url, data=event or b"{}", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            return answer.status, _kept(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, _kept(refusal.headers), refusal.read()
    except OSError as gone:
        # The handler's process ended amid the call, as a function that is killed.
        error = {"errorType": "Runtime.ExitError", "errorMessage": str(gone)}
        return 200, [("X-Amz-Function-Error", "Unhandled")], json.dumps(error).encode()


def _kept(headers) -> list[tuple[str, str]]:
    return [(name, headers[name]) for name in _KEPT if headers.get(name)]
