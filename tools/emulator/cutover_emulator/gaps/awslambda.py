"""Lambda: what of a function's configuration is kept and can be changed."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from cutover_emulator.patching import replace

#: Parameters that moto drops when a function is made, and their defaults.
_KEPT = ("LoggingConfig", "DeadLetterConfig")

#: Parameters that moto keeps but does not change, and where it keeps them.
_CHANGED = {
    "TracingConfig": "tracing_config",
    "KMSKeyArn": "kms_key_arn",
}


def function_configuration() -> None:
    """Logging and dead letter queue are part of a function's configuration.

    moto keeps neither, and changes neither tracing, key, storage nor those two in
    UpdateFunctionConfiguration, so the provider sees a difference for ever. Seen in
    moto 5.2.5.
    """
    made = LambdaFunction.__init__
    update = LambdaFunction.update_configuration
    describe = LambdaFunction.get_configuration

    def init(self: Any, account_id: str, spec: dict[str, Any], *a: Any, **k: Any):
        made(self, account_id, spec, *a, **k)
        self.kept_configuration = {name: spec.get(name) for name in _KEPT}

    def update_all(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        for name in _KEPT:
            if name in config_updates:
                self.kept_configuration[name] = config_updates[name]
        for name, attribute in _CHANGED.items():
            if name in config_updates:
                setattr(self, attribute, config_updates[name])
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        return update(self, config_updates)

    def describe_all(self: Any, on_create: bool = False) -> dict[str, Any]:
        answer = describe(self, on_create)
        logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        logging.update(self.kept_configuration["LoggingConfig"] or {})
        answer["LoggingConfig"] = logging
        dead_letters = self.kept_configuration["DeadLetterConfig"] or {}
        if dead_letters.get("TargetArn"):
            answer["DeadLetterConfig"] = dead_letters
        return answer

    replace(LambdaFunction, "__init__", init)
    replace(LambdaFunction, "update_configuration", update_all)
    replace(LambdaFunction, "get_configuration", describe_all)


GAPS = [function_configuration]
