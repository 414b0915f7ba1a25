"""The gaps between moto and AWS that the real provider falls through.

One module a service, one function a gap. A gap's docstring says what AWS does,
what moto lacks, and the moto version in which that was seen. Each module lists
its gaps in ``GAPS``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from cutover_emulator.gaps import (
    accessanalyzer,
    acm,
    application_autoscaling,
    awslambda,
    backup,
    cloudtrail,
    cloudwatch,
    config,
    dynamodb,
    ebs,
    ec2_network,
    ecs,
    ecs_rollouts,
    ecs_tasks,
    elbv2,
    flow_logs,
    guardduty,
    kms,
    logs,
    rds,
    route53,
    route53_dnssec,
    s3,
    s3_logging,
    s3_policy,
    secretsmanager,
    securityhub,
    sns,
    sqs,
    ssm,
    stepfunctions,
    transit_gateway,
    transit_gateway_routes,
    vpn,
)

MODULES: list[ModuleType] = [
    accessanalyzer,
    acm,
    application_autoscaling,
    awslambda,
    backup,
    cloudtrail,
    cloudwatch,
    config,
    dynamodb,
    ebs,
    ec2_network,
    ecs,
    ecs_rollouts,
    ecs_tasks,
    elbv2,
    flow_logs,
    guardduty,
    kms,
    logs,
    rds,
    route53,
    route53_dnssec,
    s3,
    s3_logging,
    s3_policy,
    secretsmanager,
    securityhub,
    sns,
    sqs,
    ssm,
    stepfunctions,
    transit_gateway,
    transit_gateway_routes,
    vpn,
]


def close_all() -> list[str]:
    """Closes every gap, once a process, and returns their names, ``module.gap``."""
    gaps: list[Callable[[], None]] = [gap for module in MODULES for gap in module.GAPS]
    for gap in gaps:
        gap()
    return [f"{gap.__module__.rpartition('.')[2]}.{gap.__name__}" for gap in gaps]
