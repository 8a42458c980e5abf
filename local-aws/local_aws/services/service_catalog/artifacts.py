"""The versions of products, which AWS calls provisioning artifacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_aws.protocol.caller import Caller
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import refuse
from local_aws.services.service_catalog.model import (
    Artifact,
    Catalog,
    Product,
    artifact_named,
    artifact_of,
    invalid,
    new_id,
)
from local_aws.services.service_catalog.template import (
    MAX_BYTES,
    ParseTemplate,
    check_sections,
    form,
    object_of,
    output_keys,
    usage,
)

ReadObject = Callable[[str, str, str | None], bytes | None]


class Artifacts:
    """The operations on versions."""

    def __init__(self, catalog: Catalog, read_object: ReadObject, parse: ParseTemplate) -> None:
        self._catalog = catalog
        self._read_object = read_object
        self._parse = parse

    def create(self, caller: Caller, request: Request) -> Response:
        """CreateProvisioningArtifact. Several versions may have the same name, as on AWS."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        artifact = self.make(caller, request["Parameters"])
        product.artifacts[artifact.id] = artifact
        return _answer(artifact)

    def describe(self, caller: Caller, request: Request) -> Response:
        """DescribeProvisioningArtifact, by ids or names."""
        refuse(request, "Verbose")
        _, artifact = self._requested(caller, request)
        answer = _answer(artifact)
        if request.get("IncludeProvisioningArtifactParameters"):
            answer["ProvisioningArtifactParameters"] = form(self._parse(artifact.template))
        return answer

    def list_artifacts(self, caller: Caller, request: Request) -> Response:
        """ListProvisioningArtifacts, oldest first."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        return {"ProvisioningArtifactDetails": [artifact_detail(item) for item in product.artifacts.values()]}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProvisioningArtifact. Changes name, description, active flag and guidance."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        artifact = artifact_of(product, request["ProvisioningArtifactId"])
        artifact.name = request.get("Name", artifact.name)
        artifact.description = request.get("Description", artifact.description)
        artifact.active = request.get("Active", artifact.active)
        artifact.guidance = request.get("Guidance", artifact.guidance)
        return _answer(artifact)

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeleteProvisioningArtifact. Refused for the last version of a product."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        artifact = artifact_of(product, request["ProvisioningArtifactId"])
        if len(product.artifacts) == 1:
            raise AwsError(
                "ResourceInUseException", f"{artifact.id} is the last provisioning artifact of its product."
            )
        del product.artifacts[artifact.id]
        return {}

    def provisioning_parameters(self, caller: Caller, request: Request) -> Response:
        """DescribeProvisioningParameters. Returns the form that Studio shows."""
        product, artifact = self._requested(caller, request)
        template = self._parse(artifact.template)
        constrained = any(item.product_id == product.id for item in self._catalog.constraints.values())
        keys = output_keys(template)
        return {
            "ProvisioningArtifactParameters": form(template),
            "ConstraintSummaries": [{"Type": "LAUNCH", "Description": ""}] if constrained else [],
            "UsageInstructions": usage(template),
            "TagOptions": [],
            "ProvisioningArtifactOutputs": keys,
            "ProvisioningArtifactOutputKeys": keys,
        }

    def make(self, caller: Caller, given: dict[str, Any]) -> Artifact:
        """Returns a new version, not yet in a product. Raises AwsError for an invalid template."""
        if given.get("Type", "CLOUD_FORMATION_TEMPLATE") != "CLOUD_FORMATION_TEMPLATE":
            raise invalid(f"local-aws does not implement versions of type {given['Type']}.")
        info = given.get("Info", {})
        if info.keys() != {"LoadTemplateFromURL"}:
            raise invalid("Info must have LoadTemplateFromURL. local-aws implements no other member.")
        url: str = info["LoadTemplateFromURL"]
        template = self._load(url)
        if given.get("DisableTemplateValidation", False):
            raise invalid("local-aws does not implement DisableTemplateValidation.")
        try:
            check_sections(self._parse(template))
        except ValueError as error:
            raise invalid(
                f"Invalid templateBody. Please make sure that your template is valid: {error}"
            ) from error
        return Artifact(
            id=new_id("pa"),
            name=given.get("Name", ""),
            description=given.get("Description", ""),
            url=url,
            template=template,
            created_at=caller.now,
        )

    def _load(self, url: str) -> str:
        where = object_of(url)
        if where is None:
            raise invalid(f"LoadTemplateFromURL {url} is not the HTTPS URL of an object in S3.")
        content = self._read_object(*where, None)
        if content is None:
            raise invalid(f"Unable to read the template: s3://{where[0]}/{where[1]} does not exist.")
        if len(content) > MAX_BYTES:
            raise invalid(f"The template {url} is larger than {MAX_BYTES} bytes.")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise invalid(f"The template {url} is not UTF-8: {error}") from error

    def _requested(self, caller: Caller, request: Request) -> tuple[Product, Artifact]:
        product = (
            self._catalog.product(caller.scope, request["ProductId"])
            if "ProductId" in request
            else self._catalog.product_named(caller.scope, request.get("ProductName", ""))
        )
        artifact_id = request.get("ProvisioningArtifactId")
        if artifact_id:
            return product, artifact_of(product, artifact_id)
        return product, artifact_named(product, request.get("ProvisioningArtifactName", ""))


def _answer(artifact: Artifact) -> Response:
    return {
        "ProvisioningArtifactDetail": artifact_detail(artifact),
        "Info": {"TemplateUrl": artifact.url},
        "Status": "AVAILABLE",
    }


def artifact_summary(artifact: Artifact) -> dict[str, Any]:
    """A version as users see it."""
    return {
        "Id": artifact.id,
        "Name": artifact.name,
        "Description": artifact.description,
        "CreatedTime": artifact.created_at,
        "Guidance": artifact.guidance,
    }


def artifact_detail(artifact: Artifact) -> dict[str, Any]:
    """A version as administrators see it."""
    return {**artifact_summary(artifact), "Type": "CLOUD_FORMATION_TEMPLATE", "Active": artifact.active}
