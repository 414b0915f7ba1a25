"""Application Auto Scaling: the tags of scalable targets."""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from cutover_emulator.patching import add, replace, store

Tags = dict[str, str]


def tags_of_targets() -> None:
    """A scalable target is tagged when it is registered, and by its ARN later.

    The provider lists the tags in every read. moto ignores those given to
    RegisterScalableTarget and has none of the three tag operations. Seen in moto
    5.2.1 and 5.2.5.
    """
    register = ApplicationAutoScalingResponse.register_scalable_target
    deregister = ApplicationAutoScalingResponse.deregister_scalable_target

    def register_with_tags(self: Any) -> str:
        answer = register(self)
        given = self._get_param("Tags")
        if given:
            _all_tags(self).setdefault(_named_target(self).arn, {}).update(given)
        return answer

    def deregister_with_tags(self: Any) -> str:
        target = _named_target(self)
        answer = deregister(self)
        if target is not None:
            _all_tags(self).pop(target.arn, None)
        return answer

    def list_tags_for_resource(self: Any) -> str:
        return json.dumps({"Tags": _tags(self)})

    def tag_resource(self: Any) -> str:
        _tags(self).update(self._get_param("Tags") or {})
        return "{}"

    def untag_resource(self: Any) -> str:
        tags = _tags(self)
        for key in self._get_param("TagKeys") or []:
            tags.pop(key, None)
        return "{}"

    cls = ApplicationAutoScalingResponse
    replace(cls, "register_scalable_target", register_with_tags)
    replace(cls, "deregister_scalable_target", deregister_with_tags)
    add(cls, "list_tags_for_resource", list_tags_for_resource)
    add(cls, "tag_resource", tag_resource)
    add(cls, "untag_resource", untag_resource)


def _all_tags(response: Any) -> dict[str, Tags]:
    return store(response.applicationautoscaling_backend, "cutover_tags")


def _named_target(response: Any) -> Any:
    """The target that namespace, resource and dimension of the request name."""
    found = response.applicationautoscaling_backend.describe_scalable_targets(
        response._get_param("ServiceNamespace"),
        [response._get_param("ResourceId")],
        response._get_param("ScalableDimension"),
    )
    return found[0] if found else None


def _tags(response: Any) -> Tags:
    """The tags of the target that ResourceARN names."""
    arn = response._get_param("ResourceARN")
    for targets in response.applicationautoscaling_backend.targets.values():
        if any(target.arn == arn for target in targets.values()):
            return _all_tags(response).setdefault(arn, {})
    raise JsonRESTError(
        "ResourceNotFoundException",
        f"The specified resource doesn't exist: {arn}",
    )


GAPS = [tags_of_targets]
