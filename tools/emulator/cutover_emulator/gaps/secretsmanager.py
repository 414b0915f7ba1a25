"""Secrets Manager: rotation by a function that is kept but not run."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.exceptions import ResourceExistsException
from moto.secretsmanager.models import SecretsManagerBackend

from cutover_emulator.patching import replace


def rotation() -> None:
    """RotateSecret sets up the rotation and has a function make the new value.

    Functions are not run here, so there is no new value and the current one stays.
    moto makes an empty version the current one, so that the secret has no value
    any more; it fails on a secret without a value, and forgets the function when a
    rotation is asked for without naming it again. Seen in moto 5.2.5.
    """
    rotate = SecretsManagerBackend.rotate_secret

    def rotate_secret(
        self: Any,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> Any:
        kept = dict(self.secrets[secret_id].versions) if secret_id in self.secrets else {}
        secret = self.secrets.get(secret_id)
        function = rotation_lambda_arn or getattr(secret, "rotation_lambda_arn", None)
        if function and not kept and secret is not None:
            secret.versions["none"] = {"version_stages": [], "version_id": "none"}
        try:
            return rotate(
                self, secret_id, client_request_token, function, rotation_rules, False
            )
        finally:
            if secret is not None and function:
                secret.versions = kept

    replace(SecretsManagerBackend, "rotate_secret", rotate_secret)


def value_of_a_version() -> None:
    """PutSecretValue gives a version its value once; another one is refused.

    moto lets the value of a pending version be replaced for ever, so that of two
    rotations with one token the second changes the password the first has set. An
    empty version, as a rotation begins with, takes a value in both. Seen in moto
    5.2.5.
    """
    put = SecretsManagerBackend.put_secret_value

    def put_secret_value(
        self: Any,
        secret_id: str,
        secret_string: str,
        secret_binary: str,
        client_request_token: str,
        version_stages: list[str],
    ) -> Any:
        secret = self.secrets.get(secret_id)
        version = getattr(secret, "versions", {}).get(client_request_token)
        if version and {"secret_string", "secret_binary"} & version.keys():
            same = (
                version.get("secret_string") == secret_string
                and version.get("secret_binary") == secret_binary
            )
            if same:
                return secret.to_short_dict(
                    include_version_stages=True, version_id=client_request_token
                )
            raise ResourceExistsException(
                f"You can't use ClientRequestToken {client_request_token} because that "
                f"value is already in use for a version of secret {secret.arn}."
            )
        return put(
            self,
            secret_id,
            secret_string,
            secret_binary,
            client_request_token,
            version_stages,
        )

    replace(SecretsManagerBackend, "put_secret_value", put_secret_value)


GAPS = [rotation, value_of_a_version]
