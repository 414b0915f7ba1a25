"""The AWS API as the inventory's rules use it."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from botocore.config import Config


class Aws:
    """Lists resources at one endpoint, page by page where an operation has pages."""

    def __init__(self, endpoint: str, region: str = "us-east-1") -> None:
        self._session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=region
        )
        self._endpoint = endpoint
        self.client = functools.cache(self._client)

    def _client(self, service: str) -> Any:
        return self._session.client(
            service,
            endpoint_url=self._endpoint,
            config=Config(
                retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
            ),
        )

    def list(
        self, service: str, operation: str, key: str, **arguments: Any
    ) -> list[Any]:
        """All items under key in the answers of an operation."""
        client = self.client(service)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**arguments)
        else:
            pages = [getattr(client, operation)(**arguments)]
        return [item for page in pages for item in _under(page, key)]


def _under(page: dict[str, Any], key: str) -> list[Any]:
    """The list under a key, which may lead through others, as in ``List.Items``."""
    value: Any = page
    for part in key.split("."):
        value = (value or {}).get(part)
    return value or []


def every(service: str, operation: str, key: str, **arguments: Any) -> Any:
    """A rule that counts all that an operation lists."""
    return lambda aws: aws.list(service, operation, key, **arguments)


def unless(excluded: Any, service: str, operation: str, key: str, **arguments: Any):
    """A rule that counts what an operation lists, but for what excluded(item) is true of."""
    return lambda aws: [
        item
        for item in aws.list(service, operation, key, **arguments)
        if not excluded(item)
    ]
