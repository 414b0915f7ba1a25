"""``python -m cutover_emulator.inventory``: prints what is in the emulator."""

from __future__ import annotations

import argparse
import json
import sys

from cutover_emulator.inventory import count
from cutover_emulator.inventory.aws import Aws


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="cutover_emulator.inventory", description=__doc__
    )
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566")
    parser.add_argument("--json", action="store_true", help="for programs to read")
    args = parser.parse_args(argv)
    counts = count(Aws(args.endpoint))
    if args.json:
        print(json.dumps(counts))
        return 0
    for name, number in counts.items():
        print(f"{number:6}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
