"""DynamoDB: contributor insights."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.dynamodb.responses import DynamoHandler

from cutover_emulator.patching import add, store


def contributor_insights() -> None:
    """Contributor insights are switched on and off for a table or one of its indexes.

    moto has neither operation. Seen in moto 5.2.5.
    """

    def update_contributor_insights(self: Any) -> ActionResult:
        table, index = _named(self)
        action = self.body["ContributorInsightsAction"]
        _insights(table)[index] = action == "ENABLE"
        return ActionResult(_status(table, index))

    def describe_contributor_insights(self: Any) -> ActionResult:
        table, index = _named(self)
        answer = _status(table, index)
        answer["LastUpdateDateTime"] = utcnow()
        return ActionResult(answer)

    add(DynamoHandler, "update_contributor_insights", update_contributor_insights)
    add(DynamoHandler, "describe_contributor_insights", describe_contributor_insights)


def _insights(table: Any) -> dict[str | None, bool]:
    """What is switched on, by index; kept on the table, so that it goes with it."""
    return store(table, "cutover_contributor_insights")


def _named(response: Any) -> tuple[Any, str | None]:
    table = response.dynamodb_backend.get_table(response.body["TableName"])
    return table, response.body.get("IndexName")


def _status(table: Any, index: str | None) -> dict[str, Any]:
    enabled = _insights(table).get(index, False)
    answer = {
        "TableName": table.name,
        "ContributorInsightsStatus": "ENABLED" if enabled else "DISABLED",
    }
    if index:
        answer["IndexName"] = index
    return answer


GAPS = [contributor_insights]
