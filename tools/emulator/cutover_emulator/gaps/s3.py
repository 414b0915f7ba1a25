"""S3: sub-resources that moto takes for the bucket, notifications, Object Lock."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import escape

from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from cutover_emulator.patching import replace, store

#: Sub-resources with many configurations by id, and the element that lists them.
_LISTS = {
    "analytics": "ListBucketAnalyticsConfigurationResult",
    "intelligent-tiering": "ListBucketIntelligentTieringConfigurationsOutput",
    "inventory": "ListInventoryConfigurationsResult",
    "metrics": "ListMetricsConfigurationsResult",
}
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Answer = tuple[int, dict[str, str], str]


def configurations_by_id() -> None:
    """Metrics, analytics, intelligent tiering and inventory are put, read and deleted by id.

    moto takes a PUT or DELETE of a sub-resource that it does not know for one of
    the bucket: it makes the bucket anew, without its policy, versions and lock, or
    deletes it. Seen in moto 5.2.5.
    """
    respond = S3Response._bucket_response

    def bucket_response(self: Any, request: Any, full_url: str) -> Any:
        query = self._get_querystring(request, full_url)
        bucket = self.parse_bucket_name_from_url(request, full_url)
        for kind in _LISTS:
            if bucket and kind in query:
                return _configuration(self, request.method, bucket, kind, query)
        answer = respond(self, request, full_url)
        if bucket and request.method == "DELETE" and not query:
            store(self.backend, "cutover_configurations").pop(bucket, None)
        return answer

    replace(S3Response, "_bucket_response", bucket_response)


def _configuration(
    response: Any, method: str, bucket: str, kind: str, query: dict[str, Any]
) -> Answer:
    response.backend.head_bucket(bucket)  # NoSuchBucket, when there is none
    buckets = store(response.backend, "cutover_configurations")
    kept = buckets.setdefault(bucket, {}).setdefault(kind, {})
    identifier = query.get("id", [None])[0]
    if identifier is None:
        return 200, {}, _listed(kind, kept)
    if method == "PUT":
        kept[identifier] = re.sub(r"<\?xml.*?\?>", "", response.body.decode())
        return 200, {}, ""
    if identifier not in kept:
        return 404, {}, _unknown(identifier)
    if method == "DELETE":
        del kept[identifier]
        return 204, {}, ""
    return 200, {}, kept[identifier]


def _listed(kind: str, kept: dict[str, str]) -> str:
    return (
        f'<{_LISTS[kind]} xmlns="{_NAMESPACE}"><IsTruncated>false</IsTruncated>'
        f"{''.join(kept.values())}</{_LISTS[kind]}>"
    )


def _unknown(identifier: str) -> str:
    return (
        "<Error><Code>NoSuchConfiguration</Code><Message>The specified configuration "
        f"does not exist.</Message><Resource>{escape(identifier)}</Resource></Error>"
    )


def event_bridge() -> None:
    """A bucket that notifies EventBridge says so when it is asked.

    moto keeps it and does not answer it. Seen in moto 5.2.5.
    """
    get = S3Response.get_bucket_notification

    def get_with_event_bridge(self: Any) -> Any:
        status, headers, body = get(self)
        kept = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if kept and kept.event_bridge is not None:
            body = _with_event_bridge(body)
        return status, headers, body

    replace(S3Response, "get_bucket_notification", get_with_event_bridge)


def _with_event_bridge(body: str) -> str:
    """Adds the element at the end of the root, which may be written as an empty one."""
    opened = re.sub(r"<(\w+)([^<>]*)/>\s*$", r"<\1\2></\1>", body)
    head, _, root = opened.rpartition("</")
    return f"{head}<EventBridgeConfiguration/></{root}"


def object_lock() -> None:
    """A bucket with Object Lock keeps versioning, and its lock's rule can always change.

    AWS refuses to suspend versioning there, and takes a new default retention, or
    none, whether objects are in it or not. moto suspends, refuses to take back the
    rule afterwards, and refuses any change once an object is there, so a destroy
    fails. Seen in moto 5.2.5.
    """
    version = S3Backend.put_bucket_versioning
    lock = S3Backend.put_object_lock_configuration

    def put_bucket_versioning(self: Any, bucket_name: str, status: str) -> None:
        if self.get_bucket(bucket_name).object_lock_enabled and status != "Enabled":
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, "
                "so the versioning state cannot be changed."
            )
        version(self, bucket_name, status)

    def put_object_lock_configuration(
        self: Any, bucket_name: str, lock_enabled: bool, *rule: Any, **named: Any
    ) -> None:
        bucket = self.get_bucket(bucket_name)
        if not bucket.object_lock_enabled:
            lock(self, bucket_name, lock_enabled, *rule, **named)
            return
        arguments = inspect.signature(lock).bind(
            self, bucket_name, lock_enabled, *rule, **named
        )
        arguments.apply_defaults()
        bucket.default_lock_mode = arguments.arguments["mode"]
        bucket.default_lock_days = arguments.arguments["days"] or None
        bucket.default_lock_years = arguments.arguments["years"] or None

    def default_retention(self: Any) -> str:
        days = (self.default_lock_days or 0) + (self.default_lock_years or 0) * 365
        until = datetime.now(timezone.utc) + timedelta(days=days)
        return until.strftime("%Y-%m-%dT%H:%M:%SZ")

    # A rule has days or years, and moto adds both up.
    replace(FakeBucket, "default_retention", default_retention)
    replace(S3Backend, "put_bucket_versioning", put_bucket_versioning)
    replace(S3Backend, "put_object_lock_configuration", put_object_lock_configuration)


def newer_noncurrent_versions() -> None:
    """A lifecycle rule can keep some noncurrent versions beyond their expiration.

    moto drops NewerNoncurrentVersions of NoncurrentVersionExpiration. Seen in moto
    5.2.5.
    """
    keep = FakeBucket.set_lifecycle
    get = S3Response.get_bucket_lifecycle

    def set_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        keep(self, rules)
        self.newer_noncurrent_versions = [
            (rule.get("NoncurrentVersionExpiration") or {}).get(
                "NewerNoncurrentVersions"
            )
            for rule in rules
        ]

    def get_bucket_lifecycle(self: Any) -> Any:
        status, headers, body = get(self)
        bucket = self.backend.get_bucket(self.bucket_name)
        kept = iter(getattr(bucket, "newer_noncurrent_versions", []))
        return status, headers, re.sub(
            r"<Rule>.*?</Rule>",
            lambda rule: _with_newer_versions(rule.group(), next(kept, None)),
            body,
            flags=re.DOTALL,
        )

    replace(FakeBucket, "set_lifecycle", set_lifecycle)
    replace(S3Response, "get_bucket_lifecycle", get_bucket_lifecycle)


def _with_newer_versions(rule: str, count: str | None) -> str:
    if count is None:
        return rule
    element = "<NoncurrentVersionExpiration>"
    added = f"{element}<NewerNoncurrentVersions>{count}</NewerNoncurrentVersions>"
    return rule.replace(element, added)


GAPS = [configurations_by_id, event_bridge, object_lock, newer_noncurrent_versions]
