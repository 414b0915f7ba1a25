"""EC2 networking: endpoints that are gone, rules that keep their description."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import (
    InvalidParameterCombination,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.models import EC2Backend

from cutover_emulator.patching import replace


def endpoint_deletion() -> None:
    """A deleted VPC endpoint is gone: describing it is InvalidVpcEndpointId.NotFound.

    AWS shows the state ``deleted`` for a moment at most; the provider's destroy
    waits until the endpoint is not found. moto keeps it in that state for ever.
    Seen in moto 5.2.5.
    """
    delete = VPCBackend.delete_vpc_endpoints

    def delete_for_good(self: Any, vpce_ids: list[str] | None = None) -> None:
        for endpoint in vpce_ids or []:
            known = self.vpc_end_points.get(endpoint)
            if known is not None and known.vpc_endpoint_type is None:
                known.vpc_endpoint_type = "Gateway"  # the type when none is asked for
        delete(self, vpce_ids)
        for endpoint in vpce_ids or []:
            self.vpc_end_points.pop(endpoint, None)

    replace(VPCBackend, "delete_vpc_endpoints", delete_for_good)


def rule_descriptions() -> None:
    """Every kind of security group rule has a description and can be changed.

    Rules name an address range, a group or a prefix list. moto answers the
    description of the first kind only, and its ModifySecurityGroupRules changes
    only those with ports. Seen in moto 5.2.5.
    """
    made = SecurityGroupRule.__init__

    def init(self: Any, *args: Any, **rest: Any) -> None:
        made(self, *args, **rest)
        # The description of a prefix list comes beside the list's id, in the
        # eighth positional argument or by name.
        prefix_list = rest.get("prefix_list_id") or (args[7:8] or [None])[0] or {}
        self.prefix_list_description = prefix_list.get("Description")

    def description(self: Any) -> str | None:
        for source in (self.ip_range, self.source_group):
            if "Description" in source:
                return source["Description"]
        return self.prefix_list_description

    def modify(self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        group = self.get_security_group_by_name_or_id(group_id)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id)
        for rule_id, change in rules.items():
            rule = group.get_rule(rule_id)
            if rule is None:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
            _change_rule(rule, change)

    replace(SecurityGroupRule, "__init__", init)
    replace(SecurityGroupRule, "description", property(description))
    replace(SecurityGroupBackend, "modify_security_group_rules", modify)


def _change_rule(rule: Any, change: dict[str, Any]) -> None:
    """ModifySecurityGroupRules replaces a rule as a whole, but for its id and tags."""
    targets = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")
    if sum(change.get(target) is not None for target in targets) != 1:
        raise InvalidParameterCombination(
            "Exactly one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId must be specified"
        )
    rule.ip_protocol = change["IpProtocol"]
    rule.from_port = change.get("FromPort")
    rule.to_port = change.get("ToPort")
    rule.ip_range = {
        name: change[parameter]
        for name, parameter in (("CidrIp", "CidrIpv4"), ("CidrIpv6", "CidrIpv6"))
        if change.get(parameter)
    }
    rule.prefix_list_id = change.get("PrefixListId")
    rule.source_group = _source_group(rule, change.get("ReferencedGroupId"))
    _describe(rule, change.get("Description"))


def _source_group(rule: Any, group_id: str | None) -> dict[str, str]:
    if group_id is None:
        return {}
    return {"GroupId": group_id, "UserId": rule.owner_id, "OwnerId": rule.owner_id}


def _describe(rule: Any, description: str | None) -> None:
    rule.prefix_list_description = None
    if description is None:
        return
    if rule.ip_range:
        rule.ip_range["Description"] = description
    elif rule.source_group:
        rule.source_group["Description"] = description
    else:
        rule.prefix_list_description = description


def default_acl_goes_with_vpc() -> None:
    """The default network ACL of a VPC is deleted with it.

    moto deletes the default security group and the main route table, but leaves
    the ACL. Seen in moto 5.2.5.
    """
    delete = EC2Backend.delete_vpc

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        vpc = delete(self, vpc_id)
        for acl_id, acl in list(self.network_acls.items()):
            if acl.vpc_id == vpc_id:
                del self.network_acls[acl_id]
        return vpc

    replace(EC2Backend, "delete_vpc", delete_vpc)


GAPS = [endpoint_deletion, rule_descriptions, default_acl_goes_with_vpc]
