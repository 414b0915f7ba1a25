"""How a gap is closed: by adding a method moto lacks or replacing one it has.

Both refuse to work when moto is not what the gap was written against, so a newer
moto that closed a gap by itself, or renamed what we replace, is noticed at start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class GapMismatch(RuntimeError):
    """moto is not as a gap expects it: the gap is closed upstream or has moved."""


def add(cls: type, name: str, method: Callable[..., Any]) -> None:
    """Gives cls a method it must not have yet."""
    if hasattr(cls, name):
        raise GapMismatch(
            f"moto's {cls.__module__}.{cls.__name__} has {name} now: "
            "delete the gap that adds it, or replace what is still wrong"
        )
    setattr(cls, name, method)


def replace(cls: type, name: str, method: Any) -> Any:
    """Replaces a method of cls that must exist, and returns the former one."""
    if not hasattr(cls, name):
        raise GapMismatch(
            f"moto's {cls.__module__}.{cls.__name__} has no {name} any more: "
            "look up where it went and move the gap after it"
        )
    former = getattr(cls, name)
    setattr(cls, name, method)
    return former


def store(owner: Any, name: str) -> dict[Any, Any]:
    """State of a gap: a dictionary on moto's own backend or resource, so that it
    goes when the emulator is reset or the resource is deleted."""
    return owner.__dict__.setdefault(name, {})
