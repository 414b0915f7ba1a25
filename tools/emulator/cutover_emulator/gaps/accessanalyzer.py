"""IAM Access Analyzer: analyzers."""

from __future__ import annotations

import importlib.util
import re
import time
from typing import Any

from moto import backend_index
from moto.account import urls
from moto.account.models import account_backends
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from cutover_emulator.patching import GapMismatch, store

#: What the service's requests are signed for, and so how they are told apart.
_HOST = r"https?://access-analyzer\.(.+)\.amazonaws\.com"
_PATHS = ("/analyzer$", "/analyzer/(?P<name>[^/]+)$", "/tags/(?P<arn>.+)$")


class _Analyzers(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")
        self.automated_parameter_parsing = True

    @property
    def _kept(self) -> dict[str, dict[str, Any]]:
        backend = account_backends[self.current_account][self.partition]
        return store(backend, "cutover_analyzers")

    def _found(self, name: str) -> dict[str, Any]:
        if name not in self._kept:
            raise JsonRESTError("ResourceNotFoundException", f"no analyzer {name}")
        return self._kept[name]

    def create_analyzer(self) -> ActionResult:
        name = self._get_param("analyzerName")
        arn = (
            f"arn:{self.partition}:access-analyzer:{self.region}"
            f":{self.current_account}:analyzer/{name}"
        )
        self._kept[name] = {
            "arn": arn,
            "name": name,
            "type": self._get_param("type"),
            "createdAt": time.time(),
            "status": "ACTIVE",
            "tags": self._get_param("tags") or {},
        }
        return ActionResult({"arn": arn})

    def get_analyzer(self) -> ActionResult:
        return ActionResult({"analyzer": self._found(self._get_param("analyzerName"))})

    def list_analyzers(self) -> ActionResult:
        return ActionResult({"analyzers": list(self._kept.values())})

    def delete_analyzer(self) -> EmptyResult:
        self._found(self._get_param("analyzerName"))
        del self._kept[self._get_param("analyzerName")]
        return EmptyResult()

    def _tags(self) -> dict[str, str]:
        tags: dict[str, str] = self._found(
            self._get_param("resourceArn").rpartition("/")[2]
        )["tags"]
        return tags

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self._tags()})

    def tag_resource(self) -> EmptyResult:
        self._tags().update(self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self) -> EmptyResult:
        for key in self._get_param("tagKeys"):
            self._tags().pop(key, None)
        return EmptyResult()


def analyzers() -> None:
    """An analyzer is made, read, listed, tagged and deleted.

    moto has nothing of the service. Here it stands beside the service of accounts,
    in whose state the analyzers are kept; it analyses nothing. Seen in moto 5.2.5.
    """
    if importlib.util.find_spec("moto.accessanalyzer") is not None:
        raise GapMismatch("moto has Access Analyzer now: delete this gap")
    urls.url_bases.append(_HOST)
    for path in _PATHS:
        urls.url_paths["{0}" + path] = _Analyzers.dispatch
    backend_index.backend_url_patterns.append(("account", re.compile(_HOST)))


GAPS = [analyzers]
