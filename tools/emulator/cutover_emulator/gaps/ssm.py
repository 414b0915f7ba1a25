"""Systems Manager: settings of a service."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ssm.responses import SimpleSystemManagerResponse

from cutover_emulator.patching import add, store

#: What holds for settings that nobody changed, by the end of their id.
_DEFAULTS = {"/ssm/documents/console/public-sharing-permission": "Enable"}


def service_settings() -> None:
    """A setting of the service is read, changed and set back to what it was at first.

    moto has none of the three operations. Seen in moto 5.2.5.
    """

    def get_service_setting(self: Any) -> ActionResult:
        return _answer(self)

    def update_service_setting(self: Any) -> ActionResult:
        _changed(self)[_path(self)] = self._get_param("SettingValue")
        return ActionResult({})

    def reset_service_setting(self: Any) -> ActionResult:
        _changed(self).pop(_path(self), None)
        return _answer(self)

    for operation in (
        get_service_setting,
        update_service_setting,
        reset_service_setting,
    ):
        add(SimpleSystemManagerResponse, operation.__name__, operation)


def _changed(response: Any) -> dict[str, str]:
    return store(response.ssm_backend, "cutover_service_settings")


def _path(response: Any) -> str:
    """The setting's id, without the ARN that may stand before it."""
    identifier: str = response._get_param("SettingId")
    return identifier.rpartition(":servicesetting")[2]


def _answer(response: Any) -> ActionResult:
    path = _path(response)
    changed = _changed(response)
    arn = (
        f"arn:{response.partition}:ssm:{response.region}:{response.current_account}"
        f":servicesetting{path}"
    )
    setting = {
        "SettingId": path,
        "SettingValue": changed.get(path, _DEFAULTS.get(path, "")),
        "ARN": arn,
        "Status": "Customized" if path in changed else "Default",
    }
    return ActionResult({"ServiceSetting": setting})


GAPS = [service_settings]
