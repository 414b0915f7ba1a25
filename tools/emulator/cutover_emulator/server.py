"""The WSGI application: moto behind a health endpoint and a lock."""

from __future__ import annotations

import http
import io
import json
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from cutover_emulator.handlers import HANDLERS_PATH, Handlers, accept, forward

HEALTH_PATH = "/_cutover/health"
IMAGES_PATH = "/_cutover/ecs/broken-images"
#: The platform's region, of everything that is asked beside the API of AWS.
REGION = "us-east-1"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


@dataclass(frozen=True)
class Identity:
    """Who this server is: what the health endpoint answers."""

    service: str
    token: str
    checkout: str
    build: str
    pid: int
    started: str
    moto: str
    python: str
    gaps: list[str]


class Application:
    """Serves the health endpoint itself and hands everything else to moto.

    moto's backends are plain dictionaries without locks, and several deployments
    talk to the emulator side by side, so requests run one after another. A long
    poll (SQS ReceiveMessage waits up to 20 s) is let through beside the others,
    or nobody could send the message it waits for, and so is the invocation of a
    function that has a handler.
    """

    def __init__(self, identity: Identity) -> None:
        self._health = json.dumps(asdict(identity)).encode()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._handlers = Handlers()

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == HEALTH_PATH:
            return self._answer_health(start)
        body = _buffer_body(environ)
        if environ.get("PATH_INFO") == IMAGES_PATH:
            with self._lock:
                return _change_images(environ, body, start)
        if environ.get("PATH_INFO") == HANDLERS_PATH:
            return self._change_handlers(environ, body, start)
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        handler = self._handlers.find(method, path)
        if handler is not None:
            asynchronous = environ.get("HTTP_X_AMZ_INVOCATION_TYPE") == "Event"
            hand_over = accept if asynchronous else forward
            return _answer(*hand_over(handler, body), start)
        if _is_long_poll(environ, body):
            return self._moto(environ, start)
        status: list[str] = []

        def start_noting(code: str, *rest: Any) -> Any:
            status.append(code)
            return start(code, *rest)

        with self._lock:
            answer = _consume(self._moto(environ, start_noting))
        if status and int(status[0][:3]) >= 400:
            _log_refusal(status[0], environ, body, answer)
        return answer

    def _answer_health(self, start: StartResponse) -> list[bytes]:
        start(
            "200 OK",
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(self._health))),
            ],
        )
        return [self._health]


    def _change_handlers(
        self, environ: Environ, body: bytes, start: StartResponse
    ) -> list[bytes]:
        try:
            self._handlers.change(environ["REQUEST_METHOD"], body)
        except (ValueError, KeyError, TypeError) as problem:
            return _answer(400, [], str(problem).encode(), start)
        return _answer(204, [], b"", start)


def _answer(
    status: int, headers: list[tuple[str, str]], body: bytes, start: StartResponse
) -> list[bytes]:
    headers = [*headers, ("Content-Length", str(len(body)))]
    # Clients look for it in errors.
    headers.append(("x-amzn-RequestId", str(uuid.uuid4())))
    start(f"{status} {http.HTTPStatus(status).phrase}", headers)
    return [body]


def _change_images(
    environ: Environ, body: bytes, start: StartResponse
) -> list[bytes]:
    """Breaks an image (POST, ``{"image": …, "fault": …}``) or mends all (DELETE)."""
    from moto.core import DEFAULT_ACCOUNT_ID

    from cutover_emulator.gaps import ecs_rollouts

    status, answer = "204 No Content", b""
    try:
        if environ["REQUEST_METHOD"] == "DELETE":
            ecs_rollouts.mend_images(DEFAULT_ACCOUNT_ID, REGION)
        else:
            asked = json.loads(body)
            ecs_rollouts.break_image(
                DEFAULT_ACCOUNT_ID, REGION, asked["image"], asked["fault"]
            )
    except (ValueError, KeyError, TypeError) as problem:
        status, answer = "400 Bad Request", str(problem).encode()
    start(status, [("Content-Length", str(len(answer)))])
    return [answer]


def _buffer_body(environ: Environ) -> bytes:
    """Reads the request's body before the lock is taken, however slow the client."""
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if length:
        body = stream.read(int(length))
    elif environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _is_long_poll(environ: Environ, body: bytes) -> bool:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    return target.endswith(".ReceiveMessage") or b"Action=ReceiveMessage" in body[:512]


def _log_refusal(
    status: str, environ: Environ, body: bytes, answer: list[bytes]
) -> None:
    """Says which operation was refused and how; with a 500, a traceback stands above."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    service = (scope.split(",")[0].split("/") + [""] * 5)[3]
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not operation:
        form = re.search(rb"(?:^|&)Action=(\w+)", body[:512])
        path = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}"
        operation = form.group(1).decode() if form else path
    reason = b"".join(answer)[:300].decode(errors="replace").replace("\n", " ")
    now = time.strftime("%H:%M:%S")
    print(f"{now} {status[:3]} {service} {operation}: {reason}", flush=True)


def _consume(response: Iterable[bytes]) -> list[bytes]:
    try:
        return list(response)
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()


class RequestHandler(MotoRequestHandler):
    """Leaves the log to Application, which knows the operation of a request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing: a log of every request hides those that failed."""


def listen(host: str, port: int, app: Application) -> BaseWSGIServer:
    """Binds the address; an address in use is an OSError here, before anything runs."""
    listener = make_server(
        host, port, app, threaded=True, request_handler=RequestHandler
    )
    # Where the executions of state machines find what they call.
    os.environ["MOTO_PORT"] = str(listener.server_port)
    return listener
