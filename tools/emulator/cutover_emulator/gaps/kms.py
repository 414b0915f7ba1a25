"""KMS: the period of key rotation."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

from cutover_emulator.patching import replace

_DEFAULT_PERIOD = 365  # days (AWS KMS API reference, EnableKeyRotation)


def rotation_period() -> None:
    """EnableKeyRotation takes a period, which GetKeyRotationStatus answers.

    moto keeps only that rotation is on. Seen in moto 5.2.5.
    """
    enable = KmsResponse.enable_key_rotation
    status = KmsResponse.get_key_rotation_status

    def enable_with_period(self: Any) -> str:
        answer = enable(self)
        _key(self).rotation_period = (
            self._get_param("RotationPeriodInDays") or _DEFAULT_PERIOD
        )
        return answer

    def status_with_period(self: Any) -> str:
        answer = json.loads(status(self))
        key = _key(self)
        answer["KeyId"] = key.id
        if answer["KeyRotationEnabled"]:
            answer["RotationPeriodInDays"] = getattr(
                key, "rotation_period", _DEFAULT_PERIOD
            )
        return json.dumps(answer)

    replace(KmsResponse, "enable_key_rotation", enable_with_period)
    replace(KmsResponse, "get_key_rotation_status", status_with_period)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


GAPS = [rotation_period]
