from __future__ import annotations

import base64
import hashlib

from cutover_emulator.gaps.route53_dnssec import key_tag
from tests.support import EmulatorTest, client


class SignedZones(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.route53 = client("route53")
        self.zone = self.route53.create_hosted_zone(
            Name="cutover.example", CallerReference="1"
        )["HostedZone"]["Id"].removeprefix("/hostedzone/")
        self.arn = self.kms_key()

    def kms_key(self, spec: str = "ECC_NIST_P256") -> str:
        return client("kms").create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")[
            "KeyMetadata"
        ]["Arn"]

    def make(self, name: str, arn: str | None = None, status: str = "ACTIVE") -> dict:
        return self.route53.create_key_signing_key(
            CallerReference=name,
            HostedZoneId=self.zone,
            KeyManagementServiceArn=arn or self.arn,
            Name=name,
            Status=status,
        )["KeySigningKey"]

    def told(self) -> dict:
        return self.route53.get_dnssec(HostedZoneId=self.zone)

    def test_are_signed_and_unsigned_in_order(self) -> None:
        key = {"HostedZoneId": self.zone, "Name": "first"}
        self.make("first")
        self.assertEqual(self.told()["Status"]["ServeSignature"], "NOT_SIGNING")
        self.route53.enable_hosted_zone_dnssec(HostedZoneId=self.zone)
        self.assertEqual(self.told()["Status"]["ServeSignature"], "SIGNING")
        self.assertEqual(self.told()["KeySigningKeys"][0]["KmsArn"], self.arn)
        self.assert_refused(
            "KeySigningKeyInUse", self.route53.deactivate_key_signing_key, **key
        )
        self.route53.disable_hosted_zone_dnssec(HostedZoneId=self.zone)
        self.assert_refused(
            "InvalidKeySigningKeyStatus", self.route53.delete_key_signing_key, **key
        )
        self.route53.deactivate_key_signing_key(**key)
        self.assert_refused(
            "HostedZoneNotEmpty", self.route53.delete_hosted_zone, Id=self.zone
        )
        self.route53.delete_key_signing_key(**key)
        self.assertEqual(self.told().get("KeySigningKeys", []), [])
        self.route53.delete_hosted_zone(Id=self.zone)

    def test_need_an_active_key(self) -> None:
        enable = self.route53.enable_hosted_zone_dnssec
        missing = "KeySigningKeyWithActiveStatusNotFound"
        self.assert_refused(missing, enable, HostedZoneId=self.zone)
        self.make("first", status="INACTIVE")
        self.assert_refused(missing, enable, HostedZoneId=self.zone)
        self.route53.activate_key_signing_key(HostedZoneId=self.zone, Name="first")
        enable(HostedZoneId=self.zone)

    def test_take_two_keys_of_the_right_kind(self) -> None:
        call = {"CallerReference": "x", "HostedZoneId": self.zone, "Status": "ACTIVE"}
        create = self.route53.create_key_signing_key
        for arn in (
            self.kms_key("ECC_NIST_P384"),
            "arn:aws:kms:us-east-1:123456789012:key/none",
        ):
            self.assert_refused(
                "InvalidKMSArn", create, Name="bad", KeyManagementServiceArn=arn, **call
            )
        self.make("first")
        self.assert_refused(
            "KeySigningKeyAlreadyExists",
            create,
            Name="first",
            KeyManagementServiceArn=self.arn,
            **call,
        )
        self.make("second", self.kms_key())
        self.assert_refused(
            "TooManyKeySigningKeys",
            create,
            Name="third",
            KeyManagementServiceArn=self.kms_key(),
            **call,
        )

    def test_say_what_the_parent_has_to_publish(self) -> None:
        made = self.make("first")
        flags, protocol, algorithm, public = made["DNSKEYRecord"].split()
        record = bytes((1, 1, 3, 13)) + base64.b64decode(public)
        self.assertEqual((flags, protocol, algorithm), ("257", "3", "13"))
        digest = hashlib.sha256(b"\x07cutover\x07example\x00" + record).hexdigest()
        self.assertEqual(made["DSRecord"].split()[1:], ["13", "2", digest.upper()])
        self.assertEqual(made["DSRecord"].split()[0], str(made["KeyTag"]))


class KeyTags(EmulatorTest):
    def test_are_those_of_the_example_of_rfc_6605(self) -> None:
        public = (
            "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb"
            "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
        )
        record = bytes((1, 1, 3, 13)) + base64.b64decode(public)
        self.assertEqual(key_tag(record), 55648)
