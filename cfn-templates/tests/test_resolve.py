"""The template resolver, with a template that uses every function."""

from pathlib import Path

import pytest

from resolve import Template, TemplateError

FUNCTIONS = (Path(__file__).parent / "fixtures/functions.yaml").read_text("utf-8")
ARN = "arn:aws:sqs:eu-west-1:111122223333:sagemaker-abc-${Literal}-small"


def test_resolves_every_function() -> None:
    stack = Template(FUNCTIONS).resolve({"Name": "abc"})
    queue = stack.resources["Queue"]
    assert queue.attributes == {"DeletionPolicy": "Delete"}
    assert queue.properties == {
        "QueueName": "sagemaker-abc-${Literal}-small",
        "Disk": 1,
        "Date": "2012-10-17",
        "Left": ["two"],
        "Tag": "elsewhere",
        "Keys": [],
        "Data": "dGV4dA==",
    }
    assert stack.resources["Function"].properties == {
        "Target": ARN,
        "Url": "https://sqs.eu-west-1.amazonaws.com/111122223333/sagemaker-abc-${Literal}-small",
        "Last": "b",
        "Joined": "abc-sagemaker-abc-${Literal}-small-7",
        "Where": "abc@eu-west-1.amazonaws.com",
    }
    assert stack.outputs == {"Arn": ARN}


def test_omits_resources_with_false_conditions() -> None:
    template = Template(FUNCTIONS)
    large = template.resolve({"Name": "abc", "Kind": "large", "Keys": "a, b"})
    assert large.resources["Queue"].properties["Left"] == ["one", "two"]
    assert large.resources["Queue"].properties["Keys"] == ["a", "b"]
    assert large.outputs["Bucket"] == "sc-111122223333-pp-abcdefghijklm-largeonly-abcdefghijkl"
    elsewhere = template.resolve({"Name": "abc", "Kind": "large"}, region="cn-north-1", partition="aws-cn")
    assert list(elsewhere.resources) == ["Queue", "Function"]
    assert elsewhere.reference("Queue").startswith("https://sqs.cn-north-1.amazonaws.com.cn/")
    with pytest.raises(TemplateError, match="LargeOnly is used, but LargeHere is false"):
        elsewhere.reference("LargeOnly")


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({}, "Name: a value is required"),
        ({"Name": "a"}, "Name: at least 2 characters are needed"),
        ({"Name": "abcdef"}, "Name: at most 5 characters are allowed"),
        ({"Name": "abc\n"}, r"Name: 'abc\n' is refused: must match [a-z]+"),
        ({"Name": "abc", "Kind": "huge"}, "Kind: 'huge' is not one of ['small', 'large']"),
        ({"Name": "abc", "Days": "31"}, "Days: 31 is more than 30"),
        ({"Name": "abc", "Days": "0"}, "Days: 0 is less than 1"),
        ({"Name": "abc", "Days": "x"}, "Days: 'x' is not a number"),
        ({"Name": "abc", "Other": "x"}, "Other: the template has no such parameter"),
        ({"Name": "ab", "Kind": "large"}, "LargeOnesAreNamedLong: A large one needs another name than ab"),
    ],
)
def test_rejects_what_cloudformation_rejects(parameters: dict[str, str], refusal: str) -> None:
    template = Template(FUNCTIONS)
    assert template.refusals(parameters) == [refusal]
    with pytest.raises(TemplateError):
        template.resolve(parameters)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("!Cidr [10.0.0.0/8, 1, 1]", "Fn::Cidr is not a function"),
        ("!GetAtt Queue.Colour", "no attribute Colour"),
        ("!Ref Nothing", "no parameter and no resource Nothing"),
        ("!FindInMap [Sizes, huge, Disk]", "the mapping Sizes has no huge, Disk"),
        ("!Select [2, [a, b]]", "no member 2"),
        ("!If [Nowhere, a, b]", "no condition Nowhere"),
    ],
)
def test_rejects_unknown_names_and_functions(wrong: str, why: str) -> None:
    stack = Template(FUNCTIONS.replace("!Base64 text", wrong)).resolve({"Name": "abc"})
    with pytest.raises(TemplateError, match=why):
        stack.resources  # noqa: B018


def test_rejects_duplicate_keys() -> None:
    with pytest.raises(TemplateError, match="twice"):
        Template("Resources: {A: {Type: AWS::SQS::Queue}, A: {Type: AWS::SQS::Queue}}")
