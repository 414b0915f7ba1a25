from __future__ import annotations

from typing import Any

from tests.support import EmulatorTest, bootstrap_zip, client


class Functions(EmulatorTest):
    ROLE = {
        "RoleName": "function",
        "AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}',
    }

    def setUp(self) -> None:
        super().setUp()
        self.awslambda = client("lambda")
        role = client("iam").create_role(**self.ROLE)["Role"]["Arn"]
        self.required = {
            "FunctionName": "sync",
            "Role": role,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Architectures": ["arm64"],
            "Code": {"ZipFile": bootstrap_zip()},
        }

    def configuration(self) -> dict[str, Any]:
        return self.awslambda.get_function_configuration(FunctionName="sync")

    def test_log_by_default_as_text_to_their_own_group(self) -> None:
        self.awslambda.create_function(**self.required)
        self.assertEqual(
            self.configuration()["LoggingConfig"],
            {"LogFormat": "Text", "LogGroup": "/aws/lambda/sync"},
        )
        self.assertNotIn("DeadLetterConfig", self.configuration())

    def test_say_whether_a_chain_of_invocations_is_meant(self) -> None:
        self.awslambda.create_function(**self.required)

        def loop() -> str:
            found = self.awslambda.get_function_recursion_config(FunctionName="sync")
            return found["RecursiveLoop"]

        self.assertEqual(loop(), "Terminate")
        self.awslambda.put_function_recursion_config(
            FunctionName="sync", RecursiveLoop="Allow"
        )
        self.assertEqual(loop(), "Allow")
        with self.assertRaises(self.awslambda.exceptions.ResourceNotFoundException):
            self.awslambda.get_function_recursion_config(FunctionName="other")

    def test_keep_and_change_logging_and_dead_letters(self) -> None:
        json_logs = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
        queue = "arn:aws:sqs:us-east-1:123456789012:"
        self.awslambda.create_function(
            LoggingConfig=json_logs,
            DeadLetterConfig={"TargetArn": queue + "one"},
            **self.required,
        )
        found = self.configuration()
        self.assertEqual(found["LoggingConfig"]["ApplicationLogLevel"], "INFO")
        self.assertEqual(found["DeadLetterConfig"]["TargetArn"], queue + "one")
        self.awslambda.update_function_configuration(
            FunctionName="sync",
            DeadLetterConfig={"TargetArn": queue + "two"},
            TracingConfig={"Mode": "Active"},
            EphemeralStorage={"Size": 1024},
            KMSKeyArn="arn:aws:kms:us-east-1:123456789012:key/k",
        )
        found = self.configuration()
        self.assertEqual(found["LoggingConfig"]["LogFormat"], "JSON")
        self.assertEqual(found["DeadLetterConfig"]["TargetArn"], queue + "two")
        self.assertEqual(found["TracingConfig"], {"Mode": "Active"})
        self.assertEqual(found["EphemeralStorage"], {"Size": 1024})
        self.assertTrue(found["KMSKeyArn"].endswith("key/k"))


class StateMachines(EmulatorTest):
    def test_list_their_versions_newest_first(self) -> None:
        states = client("stepfunctions")
        definition = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
        machine = states.create_state_machine(
            name="backfill",
            definition=definition,
            roleArn="arn:aws:iam::123456789012:role/states",
        )["stateMachineArn"]
        listed = states.list_state_machine_versions
        self.assertEqual(listed(stateMachineArn=machine)["stateMachineVersions"], [])
        for _ in range(2):
            states.update_state_machine(
                stateMachineArn=machine, definition=definition, publish=True
            )
        found = listed(stateMachineArn=machine)["stateMachineVersions"]
        self.assertEqual(
            [v["stateMachineVersionArn"] for v in found],
            [f"{machine}:2", f"{machine}:1"],
        )
