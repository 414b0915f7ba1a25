"""Identities, and what watches over the whole account."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from cutover_emulator.inventory.aws import Aws, every, unless


def _password_policy(aws: Aws) -> list[Any]:
    """The account's one password policy, if it has one."""
    iam = aws.client("iam")
    try:
        return [iam.get_account_password_policy()["PasswordPolicy"]]
    except iam.exceptions.NoSuchEntityException:
        return []


def _security_hub(aws: Aws) -> list[Any]:
    """Security Hub, when it is switched on; asking otherwise is an error of its own."""
    hub = aws.client("securityhub")
    try:
        return [hub.describe_hub()]
    except ClientError as refused:
        if refused.response["Error"]["Code"] in (
            "InvalidAccessException",
            "ResourceNotFoundException",
        ):
            return []
        raise


def _log_policies(aws: Aws) -> list[Any]:
    """The account's policies over log groups, of each kind."""
    logs = aws.client("logs")
    return [
        policy
        for kind in ("DATA_PROTECTION_POLICY", "SUBSCRIPTION_FILTER_POLICY")
        for policy in logs.describe_account_policies(policyType=kind)["accountPolicies"]
    ]


RULES = {
    "accessanalyzer: analyzer": every("accessanalyzer", "list_analyzers", "analyzers"),
    "cloudformation: stack": unless(
        lambda s: s["StackStatus"] == "DELETE_COMPLETE",
        "cloudformation",
        "list_stacks",
        "StackSummaries",
    ),
    "cloudtrail: trail": every("cloudtrail", "list_trails", "Trails"),
    "config: aggregator": every(
        "config", "describe_configuration_aggregators", "ConfigurationAggregators"
    ),
    "config: conformance pack": every(
        "config", "describe_conformance_packs", "ConformancePackDetails"
    ),
    "config: delivery channel": every(
        "config", "describe_delivery_channels", "DeliveryChannels"
    ),
    "config: retention": every(
        "config", "describe_retention_configurations", "RetentionConfigurations"
    ),
    "config: recorder": every(
        "config", "describe_configuration_recorders", "ConfigurationRecorders"
    ),
    "config: rule": every("config", "describe_config_rules", "ConfigRules"),
    "guardduty: detector": every("guardduty", "list_detectors", "DetectorIds"),
    "iam: OIDC provider": every(
        "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList"
    ),
    "iam: group": every("iam", "list_groups", "Groups"),
    "iam: instance profile": every(
        "iam", "list_instance_profiles", "InstanceProfiles"
    ),
    "iam: password policy": _password_policy,
    "iam: policy": every("iam", "list_policies", "Policies", Scope="Local"),
    "iam: role": unless(
        lambda role: role["Path"].startswith("/aws-service-role/"),
        "iam",
        "list_roles",
        "Roles",
    ),
    "iam: user": every("iam", "list_users", "Users"),
    "logs: account policy": _log_policies,
    "securityhub: hub": _security_hub,
}
