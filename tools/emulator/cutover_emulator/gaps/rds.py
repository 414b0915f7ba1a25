"""RDS: parameters set by the user, Performance Insights, certificates, scaling, secrets."""

from __future__ import annotations

import json
import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBCluster, DBInstance, MasterUserSecret
from moto.rds.responses import RDSResponse

from cutover_emulator.patching import add, replace

#: The certificate authority of new instances (Amazon RDS User Guide, "Using SSL/TLS").
_DEFAULT_CA = "rds-ca-rsa2048-g1"


def user_parameters() -> None:
    """Parameters that were changed have the source ``user``, by which they are found.

    moto answers no source, so a provider takes them all for defaults and drops
    them. Seen in moto 5.2.5.
    """
    for operation in ("describe_db_parameters", "describe_db_cluster_parameters"):
        replace(RDSResponse, operation, _with_source(getattr(RDSResponse, operation)))


def _with_source(describe: Any) -> Any:
    def described(self: Any) -> ActionResult:
        asked = self.params.get("Source")
        if asked not in (None, "user"):
            return ActionResult({"Parameters": []})
        found = describe(self).result["Parameters"]
        return ActionResult({"Parameters": [{**p, "Source": "user"} for p in found]})

    return described


def performance_insights() -> None:
    """An instance keeps whether Performance Insights is on, its key and retention.

    moto drops all three. Seen in moto 5.2.5.
    """
    made = DBInstance.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        # The names under which ModifyDBInstance sets them on moto's instance.
        for name, default in (
            ("enable_performance_insights", False),
            ("performance_insights_kms_key_id", None),
            ("performance_insights_retention_period", None),
        ):
            setattr(self, name, kwargs.get(name) or default)
        if self.enable_performance_insights:
            self.performance_insights_retention_period = (
                self.performance_insights_retention_period or 7
            )

    replace(DBInstance, "__init__", init)
    add(
        DBInstance,
        "performance_insights_enabled",
        property(lambda self: self.enable_performance_insights),
    )


def default_certificate() -> None:
    """A new instance has the certificate authority that AWS gives by default.

    moto names ``rds-ca-default``, which is none, so a provider changes it and
    reboots each instance, three minutes for nothing. Seen in moto 5.2.5.
    """
    made = DBInstance.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.ca_certificate_identifier = (
            kwargs.get("ca_certificate_identifier") or _DEFAULT_CA
        )

    replace(DBInstance, "__init__", init)


def provisioned_scaling() -> None:
    """Only a serverless cluster has a scaling configuration.

    moto answers an empty one for every cluster, which a provider takes for a
    change. Seen in moto 5.2.5.
    """
    described = DBCluster.scaling_configuration_info.fget

    def scaling_configuration_info(self: Any) -> dict[str, Any] | None:
        return described(self) if self.scaling_configuration else None

    replace(
        DBCluster, "scaling_configuration_info", property(scaling_configuration_info)
    )


def automated_backups() -> None:
    """DeleteDBCluster deletes the automated snapshots, unless told to keep them.

    moto keeps them whatever DeleteAutomatedBackups (default true) says. Seen in
    moto 5.2.5.
    """
    deletion = RDSResponse.delete_db_cluster

    def delete_db_cluster(self: Any) -> Any:
        cluster = self.params.get("DBClusterIdentifier")
        answer = deletion(self)
        if self.params.get("DeleteAutomatedBackups", True):
            kept = self.backend.cluster_snapshots
            for name, snapshot in list(kept.items()):
                if (
                    snapshot.snapshot_type == "automated"
                    and snapshot.cluster.db_cluster_identifier == cluster
                ):
                    del kept[name]
        return answer

    replace(RDSResponse, "delete_db_cluster", delete_db_cluster)


def master_secrets() -> None:
    """The secret of a master user holds that user's name and a password of its own.

    moto writes the same user and password into every one. Seen in moto 5.2.5.
    """

    def generate_secret_string(self: Any) -> str:
        return json.dumps(
            {
                "username": self.resource.master_username,
                "password": secrets.token_urlsafe(21),
            }
        )

    replace(MasterUserSecret, "_generate_secret_string", generate_secret_string)


def clones() -> None:
    """A restored cluster has no managed master secret unless the call asks for one.

    moto takes that over from the source and makes a secret, which stays when a
    later call asks for another. Seen in moto 5.2.5.
    """
    restoring = RDSResponse.restore_db_cluster_to_point_in_time

    def restore_db_cluster_to_point_in_time(self: Any) -> Any:
        answer = restoring(self)
        cluster = answer.result["DBCluster"]
        asked = self.params.get("ManageMasterUserPassword", False)
        if cluster.manage_master_user_password and not asked:
            cluster.master_user_secret.delete_secret()
            del cluster.master_user_secret
            cluster.manage_master_user_password = False
        return answer

    replace(RDSResponse, "restore_db_cluster_to_point_in_time", restore_db_cluster_to_point_in_time)


GAPS = [user_parameters, performance_insights, default_certificate, provisioned_scaling, automated_backups, master_secrets, clones]
