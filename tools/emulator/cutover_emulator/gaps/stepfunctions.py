"""Step Functions: the check of a definition, its versions, and histories in pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.responses import StepFunctionResponse

from cutover_emulator.patching import add, replace

Diagnostic = dict[str, str]


def definition_check() -> None:
    """ValidateStateMachineDefinition says whether a definition can be used, and why not.

    The provider asks it in every preview and refuses to go on without. moto does
    not have it. What is checked here is the shape: JSON, a start, and transitions
    that lead to states. Seen in moto 5.2.1 and 5.2.5.
    """

    def validate_state_machine_definition(self: Any) -> ActionResult:
        diagnostics = list(_check(self._get_param("definition")))
        return ActionResult(
            {
                "result": "FAIL" if diagnostics else "OK",
                "diagnostics": diagnostics,
                "truncated": False,
            }
        )

    add(
        StepFunctionResponse,
        "validate_state_machine_definition",
        validate_state_machine_definition,
    )


def _check(definition: str) -> Iterator[Diagnostic]:
    try:
        machine = json.loads(definition)
    except ValueError as problem:
        yield _diagnostic("INVALID_JSON_DESCRIPTION", str(problem), "/")
        return
    yield from _check_states(machine, "")


def _check_states(machine: Any, where: str) -> Iterator[Diagnostic]:
    states = machine.get("States") if isinstance(machine, dict) else None
    if not isinstance(states, dict) or not states:
        yield _diagnostic("SCHEMA_VALIDATION_FAILED", "States is missing", f"{where}/")
        return
    if machine.get("StartAt") not in states:
        yield _diagnostic(
            "MISSING_TRANSITION_TARGET", "StartAt names no state", f"{where}/StartAt"
        )
    for name, state in states.items():
        yield from _check_state(states, state, f"{where}/States/{name}")


def _check_state(states: Any, state: Any, where: str) -> Iterator[Diagnostic]:
    if not isinstance(state, dict) or "Type" not in state:
        yield _diagnostic("SCHEMA_VALIDATION_FAILED", "Type is missing", where)
        return
    for target in _targets(state):
        if target not in states:
            yield _diagnostic(
                "MISSING_TRANSITION_TARGET", f"{target} is no state", where
            )
    for inner in _inner_machines(state):
        yield from _check_states(inner, where)


def _targets(state: dict[str, Any]) -> Iterator[str]:
    followers = [state, *state.get("Choices", []), *state.get("Catch", [])]
    for follower in followers:
        for key in ("Next", "Default"):
            if key in follower:
                yield follower[key]


def _inner_machines(state: dict[str, Any]) -> Iterator[Any]:
    yield from state.get("Branches", [])
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            yield state[key]


def _diagnostic(code: str, message: str, location: str) -> Diagnostic:
    return {
        "severity": "ERROR",
        "code": code,
        "message": message,
        "location": location,
    }


def versions() -> None:
    """The published versions of a state machine are listed, newest first.

    The provider lists them in every read. moto makes versions but does not list
    them. Seen in moto 5.2.5.
    """

    def list_state_machine_versions(self: Any) -> ActionResult:
        machine = self.stepfunction_backend.describe_state_machine(
            self._get_param("stateMachineArn")
        )
        newest_first = sorted(machine.versions.items(), reverse=True)
        return ActionResult(
            {
                "stateMachineVersions": [
                    {
                        "stateMachineVersionArn": version.arn,
                        "creationDate": version.creation_date,
                    }
                    for _, version in newest_first
                ]
            }
        )

    add(
        StepFunctionResponse, "list_state_machine_versions", list_state_machine_versions
    )


#: How many events a page has at most, and without a number (Step Functions API
#: reference, GetExecutionHistory).
_MOST_EVENTS, _EVENTS = 1000, 100


def history_order() -> None:
    """The history of an execution comes in pages, on demand the newest event first.

    moto answers all events at once, the oldest first, whatever reverseOrder and
    maxResults say: who looks for the last event finds the first. Seen in moto 5.2.5.
    """
    whole = StepFunctionResponse.get_execution_history

    def get_execution_history(self: Any) -> ActionResult:
        answer = whole(self).result
        events = list(answer["events"])
        if self._get_param("reverseOrder"):
            events.reverse()
        start = int(self._get_param("nextToken") or 0)
        size = min(int(self._get_param("maxResults") or 0), _MOST_EVENTS) or _EVENTS
        page: dict[str, Any] = {"events": events[start : start + size]}
        if start + size < len(events):
            page["nextToken"] = str(start + size)
        return ActionResult(page)

    replace(StepFunctionResponse, "get_execution_history", get_execution_history)


GAPS = [definition_check, versions, history_order]
