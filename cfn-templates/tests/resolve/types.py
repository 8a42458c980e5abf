"""Names, references and attributes of the templates' resource types.

Sources: "Return values" of each type in the CloudFormation template reference, and "Resource types defined by
..." of each service in the Service Authorization Reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Placeholders of forms: partition, region, account, suffix (of domains), name, path and id (the logical id).
_HERE = "{region}:{account}"


@dataclass(frozen=True)
class Kind:
    """One resource type."""

    # the property with the physical name
    name_property: str = ""
    arn: str | None = None
    # "name", "arn" or a form
    reference: str = "name"
    # "arn" or a form, by attribute
    attributes: Mapping[str, str] = field(default_factory=dict)
    # of names that CloudFormation generates
    longest_name: int = 64
    lower_case: bool = False

    def made_up(self, name: str) -> str:
        """Shorten a generated name as CloudFormation does: the random end is kept."""
        random = name[-13:]
        name = (
            name[: self.longest_name - len(random)].removesuffix("-") + random
            if len(name) > self.longest_name
            else name
        )
        return name.lower() if self.lower_case else name


TYPES: Mapping[str, Kind] = {
    "AWS::CloudWatch::Alarm": Kind(
        "AlarmName",
        f"arn:{{partition}}:cloudwatch:{_HERE}:alarm:{{name}}",
        attributes={"Arn": "arn"},
        longest_name=255,
    ),
    "AWS::CloudWatch::Dashboard": Kind(
        "DashboardName", "arn:{partition}:cloudwatch::{account}:dashboard/{name}", longest_name=255
    ),
    "AWS::CodeBuild::Project": Kind(
        "Name",
        f"arn:{{partition}}:codebuild:{_HERE}:project/{{name}}",
        attributes={"Arn": "arn"},
        longest_name=255,
    ),
    "AWS::CodeCommit::Repository": Kind(
        "RepositoryName",
        f"arn:{{partition}}:codecommit:{_HERE}:{{name}}",
        reference="00000000-0000-4000-8000-{id:0>12.12}",
        attributes={
            "Arn": "arn",
            "Name": "{name}",
            "CloneUrlHttp": "https://git-codecommit.{region}.{suffix}/v1/repos/{name}",
        },
        longest_name=100,
    ),
    "AWS::CodePipeline::Pipeline": Kind(
        "Name",
        f"arn:{{partition}}:codepipeline:{_HERE}:{{name}}",
        attributes={"Version": "1"},
        longest_name=100,
    ),
    "AWS::Events::Rule": Kind(
        "Name", f"arn:{{partition}}:events:{_HERE}:rule/{{name}}", attributes={"Arn": "arn"}
    ),
    "AWS::IAM::ManagedPolicy": Kind(
        "ManagedPolicyName",
        "arn:{partition}:iam::{account}:policy{path}{name}",
        reference="arn",
        attributes={"PolicyArn": "arn"},
        longest_name=128,
    ),
    "AWS::IAM::Role": Kind(
        "RoleName",
        "arn:{partition}:iam::{account}:role{path}{name}",
        attributes={"Arn": "arn", "RoleId": "AROA{id:0>17.17}"},
    ),
    "AWS::Lambda::EventInvokeConfig": Kind(reference="{id}"),
    "AWS::Lambda::EventSourceMapping": Kind(
        arn=f"arn:{{partition}}:lambda:{_HERE}:event-source-mapping:00000000-0000-4000-8000-{{id:0>12.12}}",
        reference="00000000-0000-4000-8000-{id:0>12.12}",
        attributes={"EventSourceMappingArn": "arn", "Id": "00000000-0000-4000-8000-{id:0>12.12}"},
    ),
    "AWS::Lambda::Function": Kind(
        "FunctionName", f"arn:{{partition}}:lambda:{_HERE}:function:{{name}}", attributes={"Arn": "arn"}
    ),
    "AWS::Lambda::Permission": Kind(reference="{id}"),
    # GetAtt's ARN ends with `:*`. The group's ARN in IAM does not.
    "AWS::Logs::LogGroup": Kind(
        "LogGroupName",
        f"arn:{{partition}}:logs:{_HERE}:log-group:{{name}}",
        attributes={"Arn": f"arn:{{partition}}:logs:{_HERE}:log-group:{{name}}:*"},
        longest_name=512,
    ),
    "AWS::S3::Bucket": Kind(
        "BucketName",
        "arn:{partition}:s3:::{name}",
        attributes={
            "Arn": "arn",
            "DomainName": "{name}.s3.{suffix}",
            "RegionalDomainName": "{name}.s3.{region}.{suffix}",
        },
        longest_name=63,
        lower_case=True,
    ),
    "AWS::S3::BucketPolicy": Kind(reference="{id}"),
    "AWS::SQS::Queue": Kind(
        "QueueName",
        f"arn:{{partition}}:sqs:{_HERE}:{{name}}",
        reference="https://sqs.{region}.{suffix}/{account}/{name}",
        attributes={
            "Arn": "arn",
            "QueueName": "{name}",
            "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{name}",
        },
        longest_name=80,
    ),
    "AWS::SQS::QueuePolicy": Kind(reference="{id}"),
    "AWS::ServiceCatalog::CloudFormationProduct": Kind(
        "Name",
        arn=f"arn:{{partition}}:catalog:{_HERE}:product/prod-{{id:0>13.13}}",
        reference="prod-{id:0>13.13}",
        attributes={
            "ProductName": "{name}",
            "ProvisioningArtifactIds": "pa-{id:0>13.13}",
            "ProvisioningArtifactNames": "v1",
        },
    ),
    "AWS::ServiceCatalog::LaunchRoleConstraint": Kind(reference="cons-{id:0>13.13}"),
    "AWS::ServiceCatalog::Portfolio": Kind(
        "DisplayName",
        arn=f"arn:{{partition}}:catalog:{_HERE}:portfolio/port-{{id:0>13.13}}",
        reference="port-{id:0>13.13}",
        attributes={"PortfolioName": "{name}"},
    ),
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": Kind(reference="{id}"),
    "AWS::ServiceCatalog::PortfolioProductAssociation": Kind(reference="{id}"),
}
