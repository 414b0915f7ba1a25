"""Elastic Load Balancing: what a load balancer reports."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import FakeLoadBalancer

from cutover_emulator.patching import replace


def default_scheme() -> None:
    """A load balancer that is created without a scheme faces the internet.

    moto leaves the scheme out of DescribeLoadBalancers. Seen in moto 5.2.5.
    """

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        former(self, *args, **kwargs)
        self.scheme = self.scheme or "internet-facing"

    former = replace(FakeLoadBalancer, "__init__", __init__)


def active_at_once() -> None:
    """A load balancer is active as soon as it exists.

    AWS takes minutes for it. moto answers "provisioning" to the first question
    only, which tells a deployment nothing and costs it the provider's half minute
    between two questions. Seen in moto 5.2.5.
    """

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        former(self, *args, **kwargs)
        self.activate()

    former = replace(FakeLoadBalancer, "__init__", __init__)


def attributes_by_default() -> None:
    """A balancer reports attributes that nobody set, with their defaults.

    moto leaves most of them out. Those are given that a verification reads and that
    the provider does not always write. Seen in moto 5.2.5.
    """

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        former(self, *args, **kwargs)
        if self.type == "application":
            self.attrs.setdefault("zonal_shift.config.enabled", "false")

    former = replace(FakeLoadBalancer, "__init__", __init__)


GAPS = [default_scheme, attributes_by_default, active_at_once]
