"""Databases, buckets, tables, secrets, parameters, keys, backups."""

from __future__ import annotations

from typing import Any

from cutover_emulator.inventory.aws import Aws, every, unless


def _keys(aws: Aws, pending: bool) -> list[Any]:
    """Customer keys that wait for their deletion, or those that do not.

    A key under an alias of AWS's, made when a service first needs it, is AWS's too.
    """
    kms = aws.client("kms")
    own = {
        alias.get("TargetKeyId")
        for alias in aws.list("kms", "list_aliases", "Aliases")
        if alias["AliasName"].startswith("alias/aws/")
    }
    keys = [
        kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        for key in aws.list("kms", "list_keys", "Keys")
    ]
    return [
        key
        for key in keys
        if key["KeyManager"] == "CUSTOMER"
        and key["Description"] != _STAND_IN
        and key["KeyId"] not in own
        and (key["KeyState"] == "PendingDeletion") == pending
    ]


#: moto makes a key of this description where AWS uses one of its own (alias
#: aws/…), and calls it the customer's.
_STAND_IN = "Default key"


def _secrets(aws: Aws, pending: bool) -> list[Any]:
    secrets = aws.list(
        "secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True
    )
    return [s for s in secrets if bool(s.get("DeletedDate")) == pending]


def _plan_selections(aws: Aws) -> list[Any]:
    return [
        selection
        for plan in aws.list("backup", "list_backup_plans", "BackupPlansList")
        for selection in aws.list(
            "backup",
            "list_backup_selections",
            "BackupSelectionsList",
            BackupPlanId=plan["BackupPlanId"],
        )
    ]


def _default_group(key: str) -> Any:
    return lambda group: group[key].startswith("default")


RULES = {
    "backup: plan": every("backup", "list_backup_plans", "BackupPlansList"),
    "backup: selection": _plan_selections,
    "backup: vault": unless(
        lambda v: v["BackupVaultName"] == "Default",
        "backup",
        "list_backup_vaults",
        "BackupVaultList",
    ),
    "dynamodb: backup": every("dynamodb", "list_backups", "BackupSummaries"),
    "dynamodb: table": every("dynamodb", "list_tables", "TableNames"),
    "ecr: repository": every("ecr", "describe_repositories", "repositories"),
    "kms: alias": unless(
        lambda a: a["AliasName"].startswith("alias/aws/"),
        "kms",
        "list_aliases",
        "Aliases",
    ),
    "kms: key": lambda aws: _keys(aws, pending=False),
    "kms: pending deletion": lambda aws: _keys(aws, pending=True),
    "rds: cluster": every("rds", "describe_db_clusters", "DBClusters"),
    "rds: cluster parameter group": unless(
        _default_group("DBClusterParameterGroupName"),
        "rds",
        "describe_db_cluster_parameter_groups",
        "DBClusterParameterGroups",
    ),
    "rds: cluster snapshot": every(
        "rds",
        "describe_db_cluster_snapshots",
        "DBClusterSnapshots",
        SnapshotType="manual",
    ),
    "rds: event subscription": every(
        "rds", "describe_event_subscriptions", "EventSubscriptionsList"
    ),
    "rds: global cluster": every(
        "rds", "describe_global_clusters", "GlobalClusters"
    ),
    "rds: instance": every("rds", "describe_db_instances", "DBInstances"),
    "rds: parameter group": unless(
        _default_group("DBParameterGroupName"),
        "rds",
        "describe_db_parameter_groups",
        "DBParameterGroups",
    ),
    "rds: proxy": every("rds", "describe_db_proxies", "DBProxies"),
    "rds: subnet group": unless(
        _default_group("DBSubnetGroupName"),
        "rds",
        "describe_db_subnet_groups",
        "DBSubnetGroups",
    ),
    "s3: bucket": every("s3", "list_buckets", "Buckets"),
    "secretsmanager: pending deletion": lambda aws: _secrets(aws, pending=True),
    "secretsmanager: secret": lambda aws: _secrets(aws, pending=False),
    "ssm: document": every(
        "ssm",
        "list_documents",
        "DocumentIdentifiers",
        Filters=[{"Key": "Owner", "Values": ["Self"]}],
    ),
    "ssm: parameter": unless(
        lambda p: p["Name"].startswith("/aws/"),
        "ssm",
        "describe_parameters",
        "Parameters",
    ),
}
