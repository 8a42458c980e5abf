"""CloudFormation templates with their intrinsic functions worked out, without AWS.

    template = Template.load(path)
    template.refusals({"FeatureGroupName": "-"})       # what the form would say, or []
    stack = template.resolve(parameters, region="eu-west-1")
    stack.resources["Queue"].properties                 # only resources whose condition holds
    stack.outputs["QueueUrl"]
    stack.physical_name("Queue"), stack.arn("Queue"), stack.reference("Queue")

Whatever is not understood (a function, an attribute, a type's ARN) is an error, never a guess.
"""

from resolve.source import TemplateError
from resolve.stack import Environment, Resource, Stack
from resolve.template import Template

__all__ = ["Environment", "Resource", "Stack", "Template", "TemplateError"]
