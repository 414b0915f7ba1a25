"""VPCs and what is in them, Transit Gateways, load balancers, names."""

from __future__ import annotations

from typing import Any

from cutover_emulator.inventory.aws import Aws, every, unless

GONE = {"deleted", "deleting", "terminated", "rejected", "failed"}


def _gone(item: dict[str, Any]) -> bool:
    state = item.get("State")
    return (state.get("Name") if isinstance(state, dict) else state) in GONE


def _default_vpcs(aws: Aws) -> set[str]:
    vpcs = aws.list("ec2", "describe_vpcs", "Vpcs")
    return {vpc["VpcId"] for vpc in vpcs if vpc["IsDefault"]}


def _beyond_default(operation: str, key: str) -> Any:
    """What lies in a VPC that somebody made: all of it came with that VPC or later."""

    def rule(aws: Aws) -> list[Any]:
        default = _default_vpcs(aws)
        found = aws.list("ec2", operation, key)
        return [item for item in found if item["VpcId"] not in default]

    return rule


def _security_groups(aws: Aws) -> list[Any]:
    default = _default_vpcs(aws)
    return [
        group
        for group in aws.list("ec2", "describe_security_groups", "SecurityGroups")
        if group.get("VpcId") not in default or group["GroupName"] != "default"
    ]


def _internet_gateways(aws: Aws) -> list[Any]:
    default = _default_vpcs(aws)
    return [
        gateway
        for gateway in aws.list("ec2", "describe_internet_gateways", "InternetGateways")
        if not any(a["VpcId"] in default for a in gateway["Attachments"])
    ]


def _records(aws: Aws) -> list[Any]:
    """Records beyond the two that every zone has."""
    found = []
    for zone in aws.list("route53", "list_hosted_zones", "HostedZones"):
        records = aws.list(
            "route53",
            "list_resource_record_sets",
            "ResourceRecordSets",
            HostedZoneId=zone["Id"],
        )
        found += [
            r
            for r in records
            if r["Type"] not in ("NS", "SOA") or r["Name"] != zone["Name"]
        ]
    return found


def _listeners(aws: Aws) -> list[Any]:
    balancers = aws.list("elbv2", "describe_load_balancers", "LoadBalancers")
    return [
        listener
        for balancer in balancers
        for listener in aws.list(
            "elbv2",
            "describe_listeners",
            "Listeners",
            LoadBalancerArn=balancer["LoadBalancerArn"],
        )
    ]


RULES = {
    "acm: certificate": every(
        "acm", "list_certificates", "CertificateSummaryList"
    ),
    "ec2: VPC": unless(lambda v: v["IsDefault"], "ec2", "describe_vpcs", "Vpcs"),
    "ec2: VPC endpoint": unless(
        _gone, "ec2", "describe_vpc_endpoints", "VpcEndpoints"
    ),
    "ec2: VPC peering": every(
        "ec2", "describe_vpc_peering_connections", "VpcPeeringConnections"
    ),
    "ec2: VPN connection": unless(
        _gone, "ec2", "describe_vpn_connections", "VpnConnections"
    ),
    "ec2: VPN gateway": unless(_gone, "ec2", "describe_vpn_gateways", "VpnGateways"),
    "ec2: address": every("ec2", "describe_addresses", "Addresses"),
    "ec2: customer gateway": unless(
        _gone, "ec2", "describe_customer_gateways", "CustomerGateways"
    ),
    "ec2: flow log": every("ec2", "describe_flow_logs", "FlowLogs"),
    "ec2: instance": unless(
        lambda r: all(_gone(i) for i in r["Instances"]),
        "ec2",
        "describe_instances",
        "Reservations",
    ),
    "ec2: internet gateway": _internet_gateways,
    "ec2: launch template": every(
        "ec2", "describe_launch_templates", "LaunchTemplates"
    ),
    "ec2: NAT gateway": unless(_gone, "ec2", "describe_nat_gateways", "NatGateways"),
    "ec2: network ACL": _beyond_default("describe_network_acls", "NetworkAcls"),
    "ec2: network interface": every(
        "ec2", "describe_network_interfaces", "NetworkInterfaces"
    ),
    "ec2: prefix list": unless(
        lambda p: p["OwnerId"] == "AWS" or p["PrefixListName"].startswith("com.amazonaws."),
        "ec2",
        "describe_managed_prefix_lists",
        "PrefixLists",
    ),
    "ec2: route table": _beyond_default("describe_route_tables", "RouteTables"),
    "ec2: security group": _security_groups,
    "ec2: subnet": _beyond_default("describe_subnets", "Subnets"),
    "ec2: transit gateway": unless(
        _gone, "ec2", "describe_transit_gateways", "TransitGateways"
    ),
    "ec2: transit gateway attachment": unless(
        _gone,
        "ec2",
        "describe_transit_gateway_attachments",
        "TransitGatewayAttachments",
    ),
    "ec2: transit gateway route table": unless(
        _gone,
        "ec2",
        "describe_transit_gateway_route_tables",
        "TransitGatewayRouteTables",
    ),
    "ec2: volume": every("ec2", "describe_volumes", "Volumes"),
    "elbv2: listener": _listeners,
    "elbv2: load balancer": every(
        "elbv2", "describe_load_balancers", "LoadBalancers"
    ),
    "elbv2: target group": every("elbv2", "describe_target_groups", "TargetGroups"),
    "route53: health check": every("route53", "list_health_checks", "HealthChecks"),
    "route53: hosted zone": every("route53", "list_hosted_zones", "HostedZones"),
    "route53: query log": every(
        "route53", "list_query_logging_configs", "QueryLoggingConfigs"
    ),
    "route53: record": _records,
    "wafv2: IP set": every("wafv2", "list_ip_sets", "IPSets", Scope="REGIONAL"),
    "wafv2: rule group": every(
        "wafv2", "list_rule_groups", "RuleGroups", Scope="REGIONAL"
    ),
    "wafv2: web ACL": every("wafv2", "list_web_acls", "WebACLs", Scope="REGIONAL"),
    "wafv2: logging": every(
        "wafv2",
        "list_logging_configurations",
        "LoggingConfigurations",
        Scope="REGIONAL",
    ),
}
