"""Runs parliament over the policy documents on standard input.

The input is a list of {"name", "kind", "arn", "text"}: kind is identity, trust or
resource, arn that of the resource a resource policy belongs to. The output is a
list of {"name", "kind", "issue", "detail"}. It judges nothing: which findings may
stand, shared/policy/lint says.
"""

import json
import sys

from parliament import analyze_policy_string


def simplified(document):
    """Writes a document the way parliament reads it.

    Of a condition it reads a value, not a list of one. It knows no trust policies,
    which have no resource, and takes the star of a key policy, which stands for
    that key alone, for all keys.
    """
    policy = json.loads(document["text"])
    for statement in policy["Statement"]:
        for keys in statement.get("Condition", {}).values():
            for key, value in keys.items():
                if isinstance(value, list) and len(value) == 1:
                    keys[key] = value[0]
        if document["kind"] == "trust":
            statement["Resource"] = document["arn"]
        elif ":key/" in document["arn"] and statement.get("Resource") in ("*", ["*"]):
            statement["Resource"] = document["arn"]
    return json.dumps(policy)


def findings(document):
    for finding in analyze_policy_string(simplified(document)).findings:
        detail = finding.detail if isinstance(finding.detail, str) else json.dumps(finding.detail, sort_keys=True)
        yield {"name": document["name"], "kind": document["kind"], "issue": finding.issue, "detail": detail}


def main():
    documents = json.load(sys.stdin)
    json.dump([finding for document in documents for finding in findings(document)], sys.stdout)


if __name__ == "__main__":
    main()
