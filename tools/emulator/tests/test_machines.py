from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support import EmulatorTest, client, endpoint

ROLE = "arn:aws:iam::123456789012:role/states"
INVOKE = "arn:aws:states:::lambda:invoke"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
#: Status, headers and body of an answer.
Answer = tuple[int, dict[str, str], Any]


class Machines(EmulatorTest):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self._change, "DELETE", {})

    def _change(self, method: str, asked: dict[str, str]) -> int:
        request = urllib.request.Request(
            f"{endpoint()}/_cutover/lambda/handlers",
            data=json.dumps(asked).encode(),
            method=method,
        )
        with urllib.request.urlopen(request) as answer:
            return answer.status

    def handle(self, function: str, answer: Callable[[Any], Answer]) -> None:
        """Answers invocations of a function in this process."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, body = answer(json.loads(event))
                if status == 0:
                    self.close_connection = True
                    return
                text = json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                """The test says what matters."""

        handlers = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=handlers.serve_forever, daemon=True).start()
        self.addCleanup(handlers.server_close)
        self.addCleanup(handlers.shutdown)
        url = f"http://127.0.0.1:{handlers.server_port}/"
        self._change("POST", {"function": function, "url": url})

    def run_machine(self, states: dict[str, Any], given: str = "{}") -> dict[str, Any]:
        """Runs a machine to its end."""
        step_functions = client("stepfunctions")
        made = step_functions.create_state_machine(
            name="m",
            definition=json.dumps({"StartAt": "A", "States": states}),
            roleArn=ROLE,
        )
        started = step_functions.start_execution(
            stateMachineArn=made["stateMachineArn"], name="e", input=given
        )
        arn = started["executionArn"]
        while True:
            found = step_functions.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.05)

    def task(self, **fields: Any) -> dict[str, Any]:
        parameters = {"FunctionName": FUNCTION + "f", "Payload.$": "$"}
        return {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, **fields}

    def test_a_task_reaches_the_registered_handler(self) -> None:
        self.handle("f", lambda event: (200, {}, {"n": event["n"] + 1}))
        task = self.task(OutputPath="$.Payload", End=True)
        ended = self.run_machine({"A": task}, '{"n": 1}')
        self.assertEqual(ended["status"], "SUCCEEDED")
        self.assertEqual(json.loads(ended["output"]), {"n": 2})

    def test_errors_have_their_names(self) -> None:
        """Of Lambda itself, of the function, and of one that was killed."""
        fault = {"errorType": "Foreseen", "errorMessage": "m"}
        for want, answer in {
            "Lambda.TooManyRequestsException": (
                429,
                {"X-Amzn-ErrorType": "TooManyRequestsException"},
                {},
            ),
            "Foreseen": (200, {"X-Amz-Function-Error": "Unhandled"}, fault),
            "Runtime.ExitError": (0, {}, {}),
        }.items():
            with self.subTest(want):
                super().setUp()
                self.handle("f", lambda event, answer=answer: answer)
                ended = self.run_machine({"A": self.task(End=True)})
                self.assertEqual(ended["status"], "FAILED")
                self.assertEqual(ended["error"], want)

    def test_a_history_is_read_from_its_end(self) -> None:
        self.handle("f", lambda event: (200, {}, event))
        self.run_machine({"A": self.task(Next="B"), "B": self.task(End=True)})
        step_functions = client("stepfunctions")
        machine = step_functions.list_state_machines()["stateMachines"][0]
        execution = step_functions.list_executions(
            stateMachineArn=machine["stateMachineArn"]
        )["executions"][0]["executionArn"]

        def page(**asked: Any) -> dict[str, Any]:
            return step_functions.get_execution_history(
                executionArn=execution, **asked
            )

        ids = [event["id"] for event in page()["events"]]
        self.assertEqual(ids, sorted(ids))
        newest = page(reverseOrder=True, maxResults=2)
        self.assertEqual(newest["events"][0]["type"], "ExecutionSucceeded")
        self.assertEqual([event["id"] for event in newest["events"]], ids[:-3:-1])
        rest = page(reverseOrder=True, nextToken=newest["nextToken"])
        self.assertEqual([event["id"] for event in rest["events"]], ids[-3::-1])
        self.assertNotIn("nextToken", rest)

    def test_an_event_is_accepted_before_the_function_answers(self) -> None:
        asked, answered = threading.Event(), threading.Event()

        def slow(event: Any) -> Answer:
            asked.set()
            answered.wait(30)
            return 200, {}, event

        self.handle("f", slow)
        accepted = client("lambda").invoke(
            FunctionName="f", InvocationType="Event", Payload=b"{}"
        )
        self.addCleanup(answered.set)
        self.assertEqual(accepted["StatusCode"], 202)
        self.assertTrue(asked.wait(30))
        self.assertFalse(answered.is_set())

    def test_a_foreign_address_is_refused(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self._change("POST", {"function": "f", "url": "http://example.com/"})
        self.assertEqual(refused.exception.code, 400)
        refused.exception.close()
