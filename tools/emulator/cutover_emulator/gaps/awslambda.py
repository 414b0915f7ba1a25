"""Lambda: what of a function's configuration is kept and can be changed."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.awslambda import urls
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse

from cutover_emulator.patching import GapMismatch, add, replace, store

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


#: Where the configuration of recursion is asked for (Lambda API reference).
_RECURSION = (
    r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)"
    r"/recursion-config/?$"
)


def function_recursion() -> None:
    """A function says whether a chain of its own invocations is meant.

    GetFunctionRecursionConfig and PutFunctionRecursionConfig: "Terminate" unless
    it was set to "Allow". moto has neither, so the provider cannot make the
    resource. Seen in moto 5.2.5.
    """
    if _RECURSION in urls.url_paths:
        raise GapMismatch("moto routes recursion-config now: delete function_recursion")
    urls.url_paths[_RECURSION] = LambdaResponse.dispatch

    def answer(self: Any, set_to: str | None) -> tuple[int, dict[str, str], str]:
        name = unquote(self.path.rstrip("/").rsplit("/", 2)[-2])
        function = self.backend.get_function(name)
        kept = store(function, "recursion_configuration")
        if set_to:
            kept["loop"] = set_to
        loop = kept.get("loop", "Terminate")
        return 200, {}, json.dumps({"RecursiveLoop": loop})

    def get(self: Any) -> tuple[int, dict[str, str], str]:
        return answer(self, None)

    def put(self: Any) -> tuple[int, dict[str, str], str]:
        return answer(self, self._get_param("RecursiveLoop"))

    add(LambdaResponse, "get_function_recursion_config", get)
    add(LambdaResponse, "put_function_recursion_config", put)


GAPS = [function_configuration, function_recursion]
