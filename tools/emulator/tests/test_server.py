from __future__ import annotations

import argparse
import json
import threading
import unittest
import urllib.request

from moto.core.config import default_user_config

from cutover_emulator import gaps, patching, settings
from cutover_emulator.__main__ import _loopback
from tests.support import EmulatorTest, client, endpoint


class Health(EmulatorTest):
    def test_says_who_it_is_and_which_gaps_are_closed(self) -> None:
        with urllib.request.urlopen(f"{endpoint()}/_cutover/health") as answer:
            health = json.load(answer)
        self.assertEqual(health["service"], "cutover-emulator")
        self.assertEqual(health["token"], "test")
        self.assertIn("transit_gateway.associations", health["gaps"])


class Requests(EmulatorTest):
    def test_a_long_poll_does_not_keep_others_waiting(self) -> None:
        sqs = client("sqs")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        received: list[str] = []

        def receive() -> None:
            answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
            received.extend(m["Body"] for m in answer.get("Messages", []))

        poll = threading.Thread(target=receive)
        poll.start()
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        poll.join()
        self.assertEqual(received, ["hello"])

    def test_side_by_side_leave_everything_in_place(self) -> None:
        ssm = client("ssm")

        def put(worker: int) -> None:
            for number in range(20):
                ssm.put_parameter(Name=f"/{worker}/{number}", Value="v", Type="String")

        workers = [threading.Thread(target=put, args=(n,)) for n in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        pages = ssm.get_paginator("describe_parameters").paginate()
        self.assertEqual(sum(len(page["Parameters"]) for page in pages), 80)

    def test_a_reset_clears_what_gaps_keep(self) -> None:
        logs = client("logs")
        logs.put_query_definition(name="q", queryString="limit 1")
        super().setUp()
        self.assertEqual(logs.describe_query_definitions()["queryDefinitions"], [])


class Settings(EmulatorTest):
    def setUp(self) -> None:
        kept = dict(default_user_config["iam"])
        self.addCleanup(default_user_config["iam"].update, kept)
        settings.apply()
        super().setUp()

    def test_policies_managed_by_aws_can_be_attached(self) -> None:
        iam = client("iam")
        document = '{"Version": "2012-10-17", "Statement": []}'
        iam.create_role(RoleName="task", AssumeRolePolicyDocument=document)
        arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
        iam.attach_role_policy(RoleName="task", PolicyArn=arn)
        attached = iam.list_attached_role_policies(RoleName="task")
        self.assertEqual(attached["AttachedPolicies"][0]["PolicyArn"], arn)

    def test_a_certificate_is_issued_at_once(self) -> None:
        acm = client("acm")
        arn = acm.request_certificate(
            DomainName="pay.example.com", ValidationMethod="DNS"
        )["CertificateArn"]
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        self.assertEqual(found["Status"], "ISSUED")


class Addresses(unittest.TestCase):
    def test_of_this_machine_only_are_served(self) -> None:
        self.assertEqual(_loopback("127.0.0.1"), "127.0.0.1")
        self.assertEqual(_loopback("::1"), "::1")
        for address in ("0.0.0.0", "10.0.0.1", "localhost", ""):
            with self.assertRaises(argparse.ArgumentTypeError):
                _loopback(address)


class Gaps(unittest.TestCase):
    def test_each_say_what_aws_does_and_where_it_was_seen(self) -> None:
        for module in gaps.MODULES:
            for gap in module.GAPS:
                with self.subTest(gap=f"{module.__name__}.{gap.__name__}"):
                    self.assertIn("moto", gap.__doc__ or "")
                    said = f"{gap.__doc__} {module.__doc__}".replace("\n", " ")
                    self.assertIn("5.2.", said)

    def test_notice_that_moto_has_closed_one(self) -> None:
        class Closed:
            def operation(self) -> None: ...

        with self.assertRaisesRegex(patching.GapMismatch, "has operation now"):
            patching.add(Closed, "operation", print)

    def test_notice_that_moto_has_moved_what_they_replace(self) -> None:
        class Moved: ...

        with self.assertRaisesRegex(patching.GapMismatch, "has no operation any more"):
            patching.replace(Moved, "operation", print)


if __name__ == "__main__":
    unittest.main()
