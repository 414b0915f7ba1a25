"""AWS Config: conformance packs, rules scoped by tag and how many there are."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.config.models import ConfigRule, Scope
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError
from moto.moto_api._internal import mock_random
from moto.utilities.utils import get_partition

from cutover_emulator.patching import add, replace, store


def conformance_packs() -> None:
    """A conformance pack is put, described, watched through its status, and deleted.

    The status of one that is not there is no status, not an error, and so a
    deletion ends. moto has organization conformance packs only. The rules of the template are
    not made: nothing here evaluates them. Seen in moto 5.2.1 and 5.2.5.
    """

    def put_conformance_pack(self: Any) -> str:
        return json.dumps({"ConformancePackArn": _put(self)["ConformancePackArn"]})

    def describe_conformance_packs(self: Any) -> str:
        return json.dumps({"ConformancePackDetails": _chosen(self)})

    def describe_conformance_pack_status(self: Any) -> str:
        asked = self._get_param("ConformancePackNames")
        statuses = [
            _status(pack)
            for name, pack in _packs(self).items()
            if not asked or name in asked
        ]
        return json.dumps({"ConformancePackStatusDetails": statuses})

    def delete_conformance_pack(self: Any) -> str:
        name = self._get_param("ConformancePackName")
        if _packs(self).pop(name, None) is None:
            raise _unknown([name])
        return "{}"

    for operation in (
        put_conformance_pack,
        describe_conformance_packs,
        describe_conformance_pack_status,
        delete_conformance_pack,
    ):
        add(ConfigResponse, operation.__name__, operation)


def _packs(response: Any) -> dict[str, dict[str, Any]]:
    return store(response.config_backend, "cutover_conformance_packs")


def _put(response: Any) -> dict[str, Any]:
    name = response._get_param("ConformancePackName")
    former = _packs(response).get(name) or _identity(response, name)
    pack = {
        "ConformancePackName": name,
        "ConformancePackArn": former["ConformancePackArn"],
        "ConformancePackId": former["ConformancePackId"],
        "DeliveryS3Bucket": response._get_param("DeliveryS3Bucket") or "",
        "DeliveryS3KeyPrefix": response._get_param("DeliveryS3KeyPrefix") or "",
        "ConformancePackInputParameters": response._get_param(
            "ConformancePackInputParameters"
        )
        or [],
        "LastUpdateRequestedTime": time.time(),
    }
    _packs(response)[name] = pack
    return pack


def _identity(response: Any, name: str) -> dict[str, str]:
    region = response.region
    identifier = f"conformance-pack-{mock_random.get_random_hex(9)}"
    arn = (
        f"arn:{get_partition(region)}:config:{region}:{response.current_account}"
        f":conformance-pack/{name}/{identifier}"
    )
    return {"ConformancePackArn": arn, "ConformancePackId": identifier}


def _chosen(response: Any) -> list[dict[str, Any]]:
    packs = _packs(response)
    names = response._get_param("ConformancePackNames") or list(packs)
    unknown = [name for name in names if name not in packs]
    if unknown:
        raise _unknown(unknown)
    return [packs[name] for name in names]


def _status(pack: dict[str, Any]) -> dict[str, Any]:
    name = pack["ConformancePackName"]
    return {
        "ConformancePackName": name,
        "ConformancePackId": pack["ConformancePackId"],
        "ConformancePackArn": pack["ConformancePackArn"],
        "ConformancePackState": "CREATE_COMPLETE",
        "StackArn": pack["ConformancePackArn"],
        "LastUpdateRequestedTime": pack["LastUpdateRequestedTime"],
        "LastUpdateCompletedTime": pack["LastUpdateRequestedTime"],
    }


def _unknown(names: list[str]) -> JsonRESTError:
    return JsonRESTError(
        "NoSuchConformancePackException",
        f"One or more conformance packs do not exist: {', '.join(names)}",
    )


def scope_by_tag() -> None:
    """A rule that looks at tagged resources only says so when it is described.

    moto checks the tag of the scope and answers a scope without it, which a
    provider takes for a change. Seen in moto 5.2.5.
    """
    begin = Scope.__init__

    def init(
        self: Any, *types: Any, tag_key: Any = None, tag_value: Any = None, **ids: Any
    ) -> None:
        begin(self, *types, tag_key=tag_key, tag_value=tag_value, **ids)
        self.tags = None
        self.tag_key, self.tag_value = tag_key, tag_value

    replace(Scope, "__init__", init)


def a_thousand_rules() -> None:
    """An account has up to 1,000 rules in a region.

    moto 5.2.5 has the former limit, 150 (AWS Config developer guide, "Service
    limits").
    """
    replace(ConfigRule, "MAX_RULES", 1000)


GAPS = [conformance_packs, scope_by_tag, a_thousand_rules]
