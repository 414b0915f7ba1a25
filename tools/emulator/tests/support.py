"""One emulator for all tests of the process, emptied before each."""

from __future__ import annotations

import functools
import io
import threading
import unittest
import urllib.request
import zipfile
from typing import Any

from cutover_emulator import settings

settings.apply()

from moto.core.config import default_user_config  # noqa: E402

# Reading the 1,500 policies that AWS manages takes half a second a test; the test
# of the settings asks for them.
default_user_config["iam"]["load_aws_managed_policies"] = False

import boto3  # noqa: E402  (after the settings, which moto reads when imported)
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

from cutover_emulator import gaps, server  # noqa: E402

REGION = "us-east-1"


@functools.cache
def endpoint() -> str:
    """Starts the emulator in this process, on a free port, and returns its URL."""
    identity = server.Identity(
        service="cutover-emulator",
        token="test",
        checkout="",
        build="",
        pid=0,
        started="",
        moto="",
        python="",
        gaps=gaps.close_all(),
    )
    listener = server.listen("127.0.0.1", 0, server.Application(identity))
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{listener.server_port}"


@functools.cache
def client(service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint(),
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def bootstrap_zip() -> bytes:
    """The code of a function, as small as can be."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh\n")
    return buffer.getvalue()


class EmulatorTest(unittest.TestCase):
    """A test that starts with an empty emulator."""

    def setUp(self) -> None:
        reset = urllib.request.Request(f"{endpoint()}/moto-api/reset", method="POST")
        with urllib.request.urlopen(reset) as answer:
            self.assertEqual(answer.status, 200)

    def assert_refused(self, code: str, call: Any, **arguments: Any) -> None:
        """The call is refused with this error code of AWS's."""
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
