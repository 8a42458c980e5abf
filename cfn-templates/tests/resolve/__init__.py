"""Resolves CloudFormation templates and their intrinsic functions, without AWS.

    template = Template.load(path)
    template.refusals({"FeatureGroupName": "-"})       # the errors in the form, or []
    stack = template.resolve(parameters, region="eu-west-1")
    stack.resources["Queue"].properties                 # only resources whose condition is true
    stack.outputs["QueueUrl"]
    stack.physical_name("Queue"), stack.arn("Queue"), stack.reference("Queue")

Unsupported functions, attributes and types are errors.
"""

from resolve.source import TemplateError
from resolve.stack import Environment, Resource, Stack
from resolve.template import Template

__all__ = ["Environment", "Resource", "Stack", "Template", "TemplateError"]
