"""``python -m cutover_emulator``: runs the emulator in the foreground."""

from __future__ import annotations

import argparse
import datetime
import ipaddress
import os
import platform
import signal
import sys
import threading

from cutover_emulator import settings


def _loopback(value: str) -> str:
    """An address of this machine only: the emulator asks nobody for a password."""
    try:
        if ipaddress.ip_address(value).is_loopback:
            return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f"{value!r} is not a loopback address, such as 127.0.0.1"
    )


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cutover_emulator", description=__doc__)
    parser.add_argument("--host", type=_loopback, default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--token", default="", help="names this run in its health")
    parser.add_argument("--checkout", default=os.getcwd(), help="who started it")
    parser.add_argument("--build", default="", help="what sources it was started from")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    args = _parse(argv)
    settings.apply()
    import moto

    from cutover_emulator import gaps, server

    identity = server.Identity(
        service="cutover-emulator",
        token=args.token,
        checkout=args.checkout,
        build=args.build,
        pid=os.getpid(),
        started=datetime.datetime.now(datetime.timezone.utc).isoformat(),
        moto=moto.__version__,
        python=platform.python_version(),
        gaps=gaps.close_all(),
    )
    listener = server.listen(args.host, args.port, server.Application(identity))
    _stop_on_signal(listener.shutdown)
    print(f"listening on {args.host}:{args.port}, pid {os.getpid()}", flush=True)
    listener.serve_forever()
    listener.server_close()
    return 0


def _stop_on_signal(shutdown) -> None:
    """Ends serve_forever on SIGTERM or SIGINT, from a thread since it would wait for itself."""

    def stop(_signum, _frame) -> None:
        threading.Thread(target=shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
