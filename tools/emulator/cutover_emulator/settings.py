"""What of moto is configured rather than extended. Imported before moto starts."""

from __future__ import annotations

import os


def apply() -> None:
    """Sets moto up for a provider that waits for things to become ready.

    Certificates validate at once (moto waits 60 s), and no machine images are
    loaded, which takes a second for images that no container platform uses.
    """
    os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "0")
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    from moto.core.config import default_user_config

    # AWS-managed policies exist in every account; moto loads them on request only.
    default_user_config["iam"]["load_aws_managed_policies"] = True
    # Functions are kept, not run: their code is built for another processor, and
    # no container engine is needed to deploy them.
    default_user_config["lambda"]["use_docker"] = False
    default_user_config["batch"]["use_docker"] = False
    # State machines run: a task that invokes a function reaches what was registered
    # for it (cutover_emulator/handlers.py).
    default_user_config["stepfunctions"]["execute_state_machine"] = True
