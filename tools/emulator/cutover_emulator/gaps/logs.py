"""CloudWatch Logs: query definitions."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs.responses import LogsResponse
from moto.moto_api._internal import mock_random

from cutover_emulator.patching import add, store


def query_definitions() -> None:
    """A query of Logs Insights can be saved, listed by name, changed and deleted.

    moto has none of the three operations. Seen in moto 5.2.5.
    """

    def put_query_definition(self: Any) -> str:
        identifier = self._get_param("queryDefinitionId") or str(mock_random.uuid4())
        _definitions(self)[identifier] = {
            "queryDefinitionId": identifier,
            "queryLanguage": self._get_param("queryLanguage") or "CWLI",
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
            "lastModified": int(time.time() * 1000),
        }
        return json.dumps({"queryDefinitionId": identifier})

    def describe_query_definitions(self: Any) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        chosen = [
            d for d in _definitions(self).values() if d["name"].startswith(prefix)
        ]
        return json.dumps({"queryDefinitions": chosen})

    def delete_query_definition(self: Any) -> str:
        identifier = self._get_param("queryDefinitionId")
        if _definitions(self).pop(identifier, None) is None:
            raise JsonRESTError(
                "ResourceNotFoundException",
                f"The specified query definition {identifier} does not exist.",
            )
        return json.dumps({"success": True})

    for operation in (
        put_query_definition,
        describe_query_definitions,
        delete_query_definition,
    ):
        add(LogsResponse, operation.__name__, operation)


def _definitions(response: Any) -> dict[str, dict[str, Any]]:
    return store(response.logs_backend, "cutover_query_definitions")


GAPS = [query_definitions]
