"""Route 53: signing of public zones with a key of KMS (DNSSEC).

AWS signs a zone with a key-signing key (KSK) made of an ECC key of KMS, and says
what the parent zone has to publish about it, its DS record. moto knows no KSK and
answers that no zone is signed. Seen in moto 5.2.5.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.kms.models import kms_backends
from moto.route53 import urls
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import Route53Backend
from moto.route53.responses import Route53

from cutover_emulator.patching import add, replace, store

#: A KSK's flags, protocol and algorithm (RFC 4034, 2.1; RFC 6605: ECDSA P-256).
_FLAG, _PROTOCOL, _ALGORITHM = 257, 3, 13
#: SHA-256 (RFC 4509).
_DIGEST = 2
_MOST_KEYS = 2  # of a zone (Route 53 API reference, CreateKeySigningKey)


def key_signing_keys() -> None:
    """Create-, Activate-, Deactivate- and DeleteKeySigningKey, which moto does not have."""

    def create_key_signing_key(self: Any) -> ActionResult:
        keys = _keys(self, self._get_param("HostedZoneId"))
        name, arn = self._get_param("Name"), self._get_param("KeyManagementServiceArn")
        if name in keys:
            raise Route53ClientError("KeySigningKeyAlreadyExists", f"{name} exists.")
        if len(keys) == _MOST_KEYS:
            raise Route53ClientError("TooManyKeySigningKeys", "The zone has two KSKs.")
        zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
        keys[name] = {
            "Name": name,
            "Status": self._get_param("Status"),
            **_signs(zone.name, arn, _point(self.current_account, arn)),
        }
        return ActionResult(
            {
                "ChangeInfo": _change(),
                "KeySigningKey": keys[name],
                "Location": f"https://route53.amazonaws.com/2013-04-01/keysigningkey/{zone.resource_id}/{name}",
            }
        )

    def activate_key_signing_key(self: Any) -> ActionResult:
        return _turn(self, "ACTIVE")

    def deactivate_key_signing_key(self: Any) -> ActionResult:
        keys = _keys(self, self._get_param("HostedZoneId"))
        others = [
            k
            for k in keys.values()
            if k["Status"] == "ACTIVE" and k["Name"] != self._get_param("Name")
        ]
        if _signing(self, self._get_param("HostedZoneId")) and not others:
            raise Route53ClientError(
                "KeySigningKeyInUse", "The zone is signed by no other KSK."
            )
        return _turn(self, "INACTIVE")

    def delete_key_signing_key(self: Any) -> ActionResult:
        if _key(self)["Status"] == "ACTIVE":
            raise Route53ClientError("InvalidKeySigningKeyStatus", "The KSK is active.")
        keys = _keys(self, self._get_param("HostedZoneId"))
        del keys[self._get_param("Name")]
        return ActionResult({"ChangeInfo": _change()})

    for call in (
        create_key_signing_key,
        activate_key_signing_key,
        deactivate_key_signing_key,
        delete_key_signing_key,
    ):
        add(Route53, call.__name__, call)
    one = r"/(?P<zone_id>[^/]+)/(?P<name>[^/]+)"
    for path in ("", one, one + "/activate", one + "/deactivate"):
        _serve("/keysigningkey" + path)


def signing() -> None:
    """EnableHostedZoneDNSSEC, DisableHostedZoneDNSSEC and what GetDNSSEC tells, where
    moto knows of no signing; a zone that has a KSK cannot be deleted."""

    def enable_hosted_zone_dnssec(self: Any) -> ActionResult:
        zone = self._get_param("Id")
        if all(k["Status"] != "ACTIVE" for k in _keys(self, zone).values()):
            raise Route53ClientError(
                "KeySigningKeyWithActiveStatusNotFound", "The zone has no active KSK."
            )
        _state(self, zone)["signing"] = True
        return ActionResult({"ChangeInfo": _change()})

    def disable_hosted_zone_dnssec(self: Any) -> ActionResult:
        zone = self._get_param("Id")
        if not _signing(self, zone):
            raise Route53ClientError("DNSSECNotFound", "The zone is not signed.")
        _state(self, zone)["signing"] = False
        return ActionResult({"ChangeInfo": _change()})

    def get_dnssec(self: Any) -> ActionResult:
        zone = self._get_param("Id")
        serves = "SIGNING" if _signing(self, zone) else "NOT_SIGNING"
        return ActionResult(
            {
                "Status": {"ServeSignature": serves},
                "KeySigningKeys": list(_keys(self, zone).values()),
            }
        )

    def delete_hosted_zone(self: Any, id_: str) -> Any:
        zone = self.get_hosted_zone(id_)
        if store(zone, "cutover_dnssec").get("keys"):
            raise Route53ClientError("HostedZoneNotEmpty", "The zone has a KSK.")
        return former(self, id_)

    add(Route53, "enable_hosted_zone_dnssec", enable_hosted_zone_dnssec)
    add(Route53, "disable_hosted_zone_dnssec", disable_hosted_zone_dnssec)
    replace(Route53, "get_dnssec", get_dnssec)
    former = replace(Route53Backend, "delete_hosted_zone", delete_hosted_zone)
    for verb in ("enable", "disable"):
        _serve(rf"/hostedzone/(?P<zone_id>[^/]+)/{verb}-dnssec")


def _serve(path: str) -> None:
    """Sends requests for a path of the API to Route53, which moto does not yet."""
    urls.url_paths[r"{0}/(?P<api_version>[\d_-]+)" + path + "$"] = Route53.dispatch


def _state(response: Any, zone: str) -> dict[Any, Any]:
    return store(response.backend.get_hosted_zone(zone), "cutover_dnssec")


def _keys(response: Any, zone: str) -> dict[str, dict[str, Any]]:
    keys: dict[str, dict[str, Any]] = _state(response, zone).setdefault("keys", {})
    return keys


def _signing(response: Any, zone: str) -> bool:
    return bool(_state(response, zone).get("signing"))


def _key(response: Any) -> dict[str, Any]:
    keys = _keys(response, response._get_param("HostedZoneId"))
    name = response._get_param("Name")
    if name not in keys:
        raise Route53ClientError("NoSuchKeySigningKey", f"No KSK {name}.")
    return keys[name]


def _turn(response: Any, status: str) -> ActionResult:
    _key(response).update(Status=status, LastModifiedDate=utcnow())
    return ActionResult({"ChangeInfo": _change()})


def _change() -> dict[str, Any]:
    return {
        "Id": "/change/C2682N5HXP0BZ4",
        "Status": "INSYNC",
        "SubmittedAt": utcnow(),
    }


def _point(account: str, arn: str) -> bytes:
    """The public point of an ECC key of KMS, both coordinates without a prefix."""
    fields = arn.split(":")
    backend = kms_backends[account][fields[3] if len(fields) > 5 else "us-east-1"]
    try:
        key, der = backend.get_public_key(fields[-1].removeprefix("key/"))
    except Exception as unknown:
        raise Route53ClientError("InvalidKMSArn", f"No key {arn}.") from unknown
    if key.key_spec != "ECC_NIST_P256" or key.key_usage != "SIGN_VERIFY":
        raise Route53ClientError("InvalidKMSArn", "The key is no ECC_NIST_P256 key.")
    if not key.enabled or fields[3] != "us-east-1":
        raise Route53ClientError("InvalidKMSArn", "The key is off, or not in us-east-1.")
    public = load_der_public_key(der)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    numbers = public.public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _signs(zone: str, arn: str, point: bytes) -> dict[str, Any]:
    """What a KSK tells of itself and what its parent has to say of it."""
    record = _FLAG.to_bytes(2, "big") + bytes((_PROTOCOL, _ALGORITHM)) + point
    labels = [label.encode() for label in zone.rstrip(".").lower().split(".")]
    owner = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    digest = hashlib.sha256(owner + record).hexdigest().upper()
    tag, public, now = key_tag(record), base64.b64encode(point).decode(), utcnow()
    return {
        "KmsArn": arn,
        "Flag": _FLAG,
        "SigningAlgorithmMnemonic": "ECDSAP256SHA256",
        "SigningAlgorithmType": _ALGORITHM,
        "DigestAlgorithmMnemonic": "SHA-256",
        "DigestAlgorithmType": _DIGEST,
        "KeyTag": tag,
        "DigestValue": digest,
        "PublicKey": public,
        "DSRecord": f"{tag} {_ALGORITHM} {_DIGEST} {digest}",
        "DNSKEYRecord": f"{_FLAG} {_PROTOCOL} {_ALGORITHM} {public}",
        "CreatedDate": now,
        "LastModifiedDate": now,
    }


def key_tag(record: bytes) -> int:
    """The tag of a DNSKEY record (RFC 4034, appendix B)."""
    total = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(record))
    return (total + (total >> 16 & 0xFFFF)) & 0xFFFF


GAPS = [key_signing_keys, signing]
