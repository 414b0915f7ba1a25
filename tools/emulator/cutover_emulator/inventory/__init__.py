"""Counts what a deployment made in the emulator, through the AWS API alone.

A rule is a name, "service: kind", and a function that lists what of that kind is
there, without what every account has from the start or AWS owns. So an empty
emulator counts nothing, by the same rules and not by comparing with a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cutover_emulator.inventory import account, compute, data, network
from cutover_emulator.inventory.aws import Aws

Rule = Callable[[Aws], Iterable[object]]

RULES: dict[str, Rule] = {
    **account.RULES,
    **compute.RULES,
    **data.RULES,
    **network.RULES,
}


def count(aws: Aws) -> dict[str, int]:
    """What there is, by kind; kinds of which there is nothing are left out."""
    counts = {name: len(list(rule(aws))) for name, rule in sorted(RULES.items())}
    return {name: number for name, number in counts.items() if number}
