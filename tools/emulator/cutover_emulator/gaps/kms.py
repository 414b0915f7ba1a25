"""KMS: the period of key rotation, the ARN of a public key, signed digests."""

from __future__ import annotations

import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey

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


def public_key_arn() -> None:
    """GetPublicKey answers the ARN of the key (AWS KMS API reference).

    moto answers the id alone, so that whoever asks by an alias cannot tell which
    account's key it is. Seen in moto 5.2.5.
    """
    get = KmsResponse.get_public_key

    def get_with_arn(self: Any) -> str:
        answer = json.loads(get(self))
        key = self.kms_backend.describe_key(self._get_param("KeyId"))
        answer["KeyId"] = key.arn
        return json.dumps(answer)

    replace(KmsResponse, "get_public_key", get_with_arn)


class _Digest(bytes):
    """A message that is hashed already."""


def _scheme(message: bytes, algorithm: str) -> ec.ECDSA:
    kinds = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
    kind = kinds[algorithm.rpartition("_")[2]]
    return ec.ECDSA(Prehashed(kind) if isinstance(message, _Digest) else kind)


def signed_digests() -> None:
    """Sign and Verify take a message or, where its type is DIGEST, its hash.

    moto hashes a hash once more: what it signs is verified nowhere else. Keys of RSA
    are left as they are. Seen in moto 5.2.5.
    """
    param = KmsResponse._get_param

    def get_param(self: Any, name: str, if_none: Any = None) -> Any:
        value = param(self, name, if_none)
        digest = name == "Message" and param(self, "MessageType") == "DIGEST"
        return _Digest(value) if digest else value

    def sign(self: Any, message: bytes, signing_algorithm: str) -> bytes:
        scheme = _scheme(message, signing_algorithm)
        return self.private_key.sign(message, scheme)

    def verify(
        self: Any, message: bytes, signature: bytes, signing_algorithm: str
    ) -> bool:
        scheme = _scheme(message, signing_algorithm)
        try:
            self.private_key.public_key().verify(signature, message, scheme)
        except InvalidSignature:
            return False
        return True

    replace(KmsResponse, "_get_param", get_param)
    replace(ECDSAPrivateKey, "sign", sign)
    replace(ECDSAPrivateKey, "verify", verify)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


GAPS = [rotation_period, public_key_arn, signed_digests]
