package table

import "github.com/cutover/cutover/shared/contract"

var servicesRows = []Row{
	{
		ID: "V-01", Severity: Must, Layer: contract.Services,
		Title:        "Tasks have no public address",
		Controls:     []string{"ECS.2", "ECS.16"},
		Requirements: []string{"1.4.4"},
		Rules: []Rule{
			{Identifier: "ECS_TASKSET_ASSIGN_PUBLIC_IP_DISABLED", Deployment: Unconfirmed},
		},
	},
	{
		ID: "V-02", Severity: Must, Layer: contract.Services,
		Title:        "Tasks run on the current Fargate platform",
		Controls:     []string{"ECS.10"},
		Requirements: []string{"6.3.3"},
		Rules: []Rule{
			{Identifier: "ECS_FARGATE_LATEST_PLATFORM_VERSION"},
		},
	},
	{
		ID: "V-03", Severity: Must, Layer: contract.Services,
		Title:        "Containers run without privileges, as a numbered user",
		Controls:     []string{"ECS.4", "ECS.20"},
		Requirements: []string{"7.2.5"},
		Rules: []Rule{
			{Identifier: "ECS_CONTAINERS_NONPRIVILEGED"},
			{Identifier: "ECS_TASK_DEFINITION_NONROOT_USER"},
		},
	},
	{
		ID: "V-04", Severity: Must, Layer: contract.Services,
		Title:        "Containers have a read-only root",
		Controls:     []string{"ECS.5"},
		Requirements: []string{"11.5.2"},
		Rules: []Rule{
			{Identifier: "ECS_CONTAINERS_READONLY_ACCESS"},
		},
	},
	{
		ID: "V-05", Severity: Must, Layer: contract.Services,
		Title:        "Tasks share no namespace with anything",
		Controls:     []string{"ECS.1", "ECS.3", "ECS.17"},
		Requirements: []string{"1.4.5", "2.2.6"},
		Rules: []Rule{
			{Identifier: "ECS_TASK_DEFINITION_PID_MODE_CHECK"},
			{Identifier: "ECS_TASK_DEFINITION_USER_FOR_HOST_MODE_CHECK"},
		},
	},
	{
		ID: "V-06", Severity: Must, Layer: contract.Services,
		Title:        "Credentials reach containers as secrets only",
		Controls:     []string{"ECS.8"},
		Requirements: []string{"8.6.2"},
		Rules: []Rule{
			{Identifier: "ECS_NO_ENVIRONMENT_SECRETS", Parameters: []Parameter{
				set("secretKeys", "AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,ECS_ENGINE_AUTH_DATA,DB_PASSWORD,API_KEY,JWT_SECRET"),
			}},
		},
	},
	{
		ID: "V-07", Severity: Must, Layer: contract.Services,
		Title:        "Containers log to declared groups",
		Controls:     []string{"ECS.9"},
		Requirements: []string{"10.2.1"},
		Rules: []Rule{
			{Identifier: "ECS_TASK_DEFINITION_LOG_CONFIGURATION"},
		},
	},
	{
		ID: "V-08", Severity: Must, Layer: contract.Services,
		Title:        "Task and execution role are two, each with what one service needs",
		Requirements: []string{"7.2.5"},
	},
	{
		ID: "V-09", Severity: Must, Layer: contract.Services,
		Title:        "Tasks serve TLS on one port, to the balancer and to services that call them",
		Requirements: []string{"4.2.1", "1.3.1"},
	},
	{
		ID: "V-10", Severity: Must, Layer: contract.Services,
		Title:        "Nobody executes commands in tasks",
		Requirements: []string{"7.2.2", "10.2.1.2"},
	},
	{
		ID: "V-11", Severity: Must, Layer: contract.Services,
		Title:        "Clusters report insights",
		Controls:     []string{"ECS.12"},
		Requirements: []string{"10.4.1.1"},
		Rules: []Rule{
			{Identifier: "ECS_CONTAINER_INSIGHTS_ENABLED"},
		},
	},
	{
		ID: "V-12", Severity: Should, Layer: contract.Services,
		Title:        "Deployments roll back by themselves and keep capacity",
		Requirements: []string{"6.5.2"},
	},
	{
		ID: "V-13", Severity: Must, Layer: contract.Services,
		Title:        "Images are scanned",
		Controls:     []string{"ECR.1"},
		Requirements: []string{"6.3.1", "11.3.1"},
		Rules: []Rule{
			{Identifier: "ECR_PRIVATE_IMAGE_SCANNING_ENABLED"},
		},
	},
	{
		ID: "V-14", Severity: Must, Layer: contract.Services,
		Title:        "Images are immutable, encrypted, kept and referred to by digest",
		Controls:     []string{"ECR.2", "ECR.3", "ECR.5"},
		Requirements: []string{"3.5.1", "6.5.1", "7.2.5"},
		Rules: []Rule{
			{Identifier: "ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED"},
			{Identifier: "ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED"},
			{Identifier: "ECR_REPOSITORY_CMK_ENCRYPTION_ENABLED", Parameters: []Parameter{given("kmsKeyArns", "ImageKeyArns")}},
		},
	},
}
