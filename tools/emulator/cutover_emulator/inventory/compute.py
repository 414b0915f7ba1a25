"""Containers, functions, schedules, queues, topics, logs, alarms."""

from __future__ import annotations

from typing import Any

from cutover_emulator.inventory.aws import Aws, every, unless

#: What a platform of this kind could let Application Auto Scaling scale.
SCALABLE = ("dynamodb", "ecs", "lambda", "rds")


def _clusters(aws: Aws) -> list[Any]:
    arns = aws.list("ecs", "list_clusters", "clusterArns")
    found = aws.client("ecs").describe_clusters(clusters=arns)["clusters"]
    return [cluster for cluster in found if cluster["status"] != "INACTIVE"]


def _services(aws: Aws) -> list[Any]:
    return [
        service
        for cluster in _clusters(aws)
        for service in aws.list(
            "ecs", "list_services", "serviceArns", cluster=cluster["clusterArn"]
        )
    ]


def _scaling(operation: str, key: str) -> Any:
    return lambda aws: [
        item
        for namespace in SCALABLE
        for item in aws.list(
            "application-autoscaling", operation, key, ServiceNamespace=namespace
        )
    ]


def _rules(aws: Aws) -> list[Any]:
    return [
        rule
        for bus in aws.list("events", "list_event_buses", "EventBuses")
        for rule in aws.list("events", "list_rules", "Rules", EventBusName=bus["Name"])
    ]


def _alarms(key: str) -> Any:
    return every(
        "cloudwatch",
        "describe_alarms",
        key,
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )


RULES = {
    "application-autoscaling: policy": _scaling(
        "describe_scaling_policies", "ScalingPolicies"
    ),
    "application-autoscaling: scheduled action": _scaling(
        "describe_scheduled_actions", "ScheduledActions"
    ),
    "application-autoscaling: target": _scaling(
        "describe_scalable_targets", "ScalableTargets"
    ),
    "cloudwatch: alarm": _alarms("MetricAlarms"),
    "cloudwatch: composite alarm": _alarms("CompositeAlarms"),
    "cloudwatch: dashboard": every(
        "cloudwatch", "list_dashboards", "DashboardEntries"
    ),
    "ecs: cluster": _clusters,
    "ecs: service": _services,
    "ecs: task definition": every(
        "ecs", "list_task_definitions", "taskDefinitionArns", status="ACTIVE"
    ),
    "events: bus": unless(
        lambda b: b["Name"] == "default", "events", "list_event_buses", "EventBuses"
    ),
    "events: rule": _rules,
    "firehose: stream": every(
        "firehose", "list_delivery_streams", "DeliveryStreamNames"
    ),
    "kinesis: stream": every("kinesis", "list_streams", "StreamNames"),
    "lambda: event source": every(
        "lambda", "list_event_source_mappings", "EventSourceMappings"
    ),
    "lambda: function": every("lambda", "list_functions", "Functions"),
    "lambda: layer": every("lambda", "list_layers", "Layers"),
    "logs: group": every("logs", "describe_log_groups", "logGroups"),
    "logs: query definition": every(
        "logs", "describe_query_definitions", "queryDefinitions"
    ),
    "logs: resource policy": every(
        "logs", "describe_resource_policies", "resourcePolicies"
    ),
    "scheduler: group": unless(
        lambda g: g["Name"] == "default",
        "scheduler",
        "list_schedule_groups",
        "ScheduleGroups",
    ),
    "scheduler: schedule": every("scheduler", "list_schedules", "Schedules"),
    "servicediscovery: namespace": every(
        "servicediscovery", "list_namespaces", "Namespaces"
    ),
    "sns: subscription": every("sns", "list_subscriptions", "Subscriptions"),
    "sns: topic": every("sns", "list_topics", "Topics"),
    "sqs: queue": every("sqs", "list_queues", "QueueUrls"),
    "stepfunctions: state machine": every(
        "stepfunctions", "list_state_machines", "stateMachines"
    ),
}
