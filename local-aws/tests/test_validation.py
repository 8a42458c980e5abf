"""Tests that requests are validated against AWS's model, with AWS's messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import DEFINITION, INPUT, ROLE, create_pipeline, send, token
from local_aws import LocalAws
from local_aws.protocol.java_regex import full_match
from local_aws.protocol.service_model import input_shape
from local_aws.services.sagemaker.operations import OPERATIONS

CREATE: dict[str, Any] = {
    "PipelineName": "ingest",
    "PipelineDefinition": DEFINITION,
    "RoleArn": ROLE,
    "ClientRequestToken": token(),
}
START: dict[str, Any] = {
    "PipelineName": "ingest",
    "ClientRequestToken": token(),
    "PipelineParameters": INPUT,
}
ONE = "1 validation error detected: "


def refusal(server: LocalAws, operation: str, body: Any) -> str:
    answer = send(server, operation, body)
    assert (answer.status, answer.code) == (400, "ValidationException")
    return answer.message


def test_missing_member_is_null(server: LocalAws) -> None:
    body = {name: value for name, value in CREATE.items() if name != "RoleArn"}
    assert refusal(server, "CreatePipeline", body) == (
        f"{ONE}Value null at 'roleArn' failed to satisfy constraint: Member must not be null"
    )


def test_null_member_is_missing(server: LocalAws) -> None:
    assert "Value null at 'roleArn'" in refusal(server, "CreatePipeline", {**CREATE, "RoleArn": None})
    create_pipeline(server)
    assert (
        send(server, "StartPipelineExecution", {**START, "PipelineExecutionDisplayName": None}).status == 200
    )


def test_pattern_must_match_whole_value(server: LocalAws) -> None:
    for name in ("a.b", "a-", "-a", "a b", "a\n", "a/b"):
        assert refusal(server, "CreatePipeline", {**CREATE, "PipelineName": name}) == (
            f"{ONE}Value '{name}' at 'pipelineName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}"
        )


@pytest.mark.parametrize(
    ("member", "value", "at", "constraint"),
    [
        ("ClientRequestToken", "x" * 31, "clientRequestToken", "length greater than or equal to 32"),
        ("ClientRequestToken", "x" * 129, "clientRequestToken", "length less than or equal to 128"),
        (
            "PipelineExecutionDisplayName",
            "x" * 83,
            "pipelineExecutionDisplayName",
            "length less than or equal to 82",
        ),
        (
            "PipelineExecutionDescription",
            "x" * 3073,
            "pipelineExecutionDescription",
            "length less than or equal to 3072",
        ),
        (
            "PipelineParameters",
            [{"Name": f"p{number}", "Value": ""} for number in range(201)],
            "pipelineParameters",
            "length less than or equal to 200",
        ),
        (
            "PipelineParameters",
            [{"Name": "InputDataUrl", "Value": "v" * 1025}],
            "pipelineParameters.1.member.value",
            "length less than or equal to 1024",
        ),
        (
            "ParallelismConfiguration",
            {"MaxParallelExecutionSteps": 0},
            "parallelismConfiguration.maxParallelExecutionSteps",
            "value greater than or equal to 1",
        ),
    ],
)
def test_checks_lengths_and_ranges(
    server: LocalAws, member: str, value: Any, at: str, constraint: str
) -> None:
    message = refusal(server, "StartPipelineExecution", {**START, member: value})
    assert f"at '{at}' failed to satisfy constraint: Member must have {constraint}" in message


def test_accepts_longest_valid_values(server: LocalAws) -> None:
    create_pipeline(server, "n" * 256)
    answer = send(
        server,
        "StartPipelineExecution",
        {
            "PipelineName": "n" * 256,
            "ClientRequestToken": "t" * 128,
            "PipelineExecutionDisplayName": "d" * 82,
            "PipelineExecutionDescription": "가" * 3072,
            "PipelineParameters": [{"Name": "InputDataUrl", "Value": "😀" * 1024}],
        },
    )
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("terminator", ["\n", "\r", "\u0085", "\u2028", "\u2029"])
def test_dot_matches_no_line_terminator(server: LocalAws, terminator: str) -> None:
    text = f"in/a{terminator}b.csv"
    message = refusal(server, "StartPipelineExecution", {**START, "PipelineExecutionDescription": text})
    assert "at 'pipelineExecutionDescription'" in message


def test_refuses_mismatching_definition_quickly(server: LocalAws) -> None:
    definition = f"{DEFINITION}{' ' * 500_000}\u2028"
    message = refusal(server, "CreatePipeline", {**CREATE, "PipelineDefinition": definition})
    assert "at 'pipelineDefinition' failed to satisfy constraint: Member must satisfy regular" in message
    arn = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/" + "a" * 2_000_000
    message = refusal(server, "DescribePipeline", {"PipelineName": arn})
    assert "Member must have length less than or equal to 2048" in message


def test_enumeration_error_lists_values(server: LocalAws) -> None:
    assert refusal(server, "ListPipelines", {"SortOrder": "Up"}) == (
        f"{ONE}Value 'Up' at 'sortOrder' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Ascending, Descending]"
    )


def test_reports_all_violations_in_one_answer(server: LocalAws) -> None:
    message = refusal(
        server,
        "StartPipelineExecution",
        {
            "PipelineName": "a b",
            "PipelineParameters": [{"Name": "bad name"}, {"Name": "x", "Value": "v" * 1025}],
        },
    )
    assert message.startswith("5 validation errors detected: ")
    assert [part.split("at '")[1].split("'")[0] for part in message.split("; ")] == [
        "pipelineName",
        "pipelineParameters.1.member.name",
        "pipelineParameters.1.member.value",
        "pipelineParameters.2.member.value",
        "clientRequestToken",
    ]


def test_refuses_unknown_members_at_every_depth(server: LocalAws) -> None:
    tags = [{"Key": "k", "Value": "v", "Colour": "red"}]
    message = refusal(server, "CreatePipeline", {**CREATE, "PipelineNam": "x", "Tags": tags})
    assert message.startswith("2 validation errors detected: ")
    assert "at 'PipelineNam'" in message
    assert "at 'tags.1.member.Colour'" in message


def test_refuses_null_in_list(server: LocalAws) -> None:
    message = refusal(server, "StartPipelineExecution", {**START, "PipelineParameters": [None]})
    assert message == (
        f"{ONE}Value null at 'pipelineParameters.1.member' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("PipelineName", 7),
        ("PipelineName", ["ingest"]),
        ("PipelineName", True),
        ("PipelineParameters", {"InputDataUrl": "x"}),
        ("PipelineParameters", ["x"]),
        ("ParallelismConfiguration", "many"),
        ("ParallelismConfiguration", {"MaxParallelExecutionSteps": "3"}),
        ("ParallelismConfiguration", {"MaxParallelExecutionSteps": 1.5}),
        ("ParallelismConfiguration", {"MaxParallelExecutionSteps": True}),
        ("ParallelismConfiguration", {"MaxParallelExecutionSteps": 2**31}),
    ],
)
def test_refuses_wrong_json_type(server: LocalAws, member: str, value: Any) -> None:
    answer = send(server, "StartPipelineExecution", {**START, member: value})
    assert (answer.status, answer.code) == (400, "SerializationException")
    assert "can not be converted to" in answer.message


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"PipelineName": NaN}',
        b'{"PipelineName": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 100_000,
        b'{"PipelineParameters": ' + b"[" * 65 + b"]" * 65 + b"}",
        b"{} trailing",
    ],
)
def test_refuses_malformed_body(server: LocalAws, body: bytes) -> None:
    answer = send(server, "StartPipelineExecution", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_empty_body_is_empty_request(server: LocalAws) -> None:
    assert send(server, "ListPipelines", b"").body == {"PipelineSummaries": []}


def test_refuses_unimplemented_operation_by_name(server: LocalAws) -> None:
    answer = send(server, "CreateTrainingJob", {})
    assert (answer.status, answer.code) == (400, "UnknownOperationException")
    assert answer.message == "local-aws does not implement SageMaker CreateTrainingJob."
    assert send(server, "RetryPipelineExecution", {}).code == "UnknownOperationException"


def test_refuses_unknown_operation_by_name(server: LocalAws) -> None:
    answer = send(server, "LaunchRocket", {})
    assert (answer.status, answer.code) == (400, "UnknownOperationException")
    assert "LaunchRocket" in answer.message


@pytest.mark.parametrize(
    "member",
    [{"PipelineVersionId": 1}, {"SelectiveExecutionConfig": {"SelectedSteps": [{"StepName": "Ingest"}]}}],
)
def test_refuses_unimplemented_member_by_name(server: LocalAws, member: dict[str, Any]) -> None:
    create_pipeline(server)
    message = refusal(server, "StartPipelineExecution", {**START, **member})
    assert message == f"local-aws does not implement the member {next(iter(member))}."


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r".*", "a\u2028b", False),
        (r".*", "a\x0bb", True),
        (r"[.]\.", "..", True),
        (r"[.]\.", "x.", False),
        (r"\d{3}", "٣٣٣", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "태그 값1", True),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a*b", False),
        (r"a|ab", "ab", True),
        (r"[a-z]+", "abc\n", False),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "표 🐚", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "\n", False),
    ],
)
def test_matches_patterns_as_java_does(pattern: str, text: str, matches: bool) -> None:
    assert full_match(pattern, text) is matches


def test_every_pattern_matches_quickly() -> None:
    patterns = {pattern for operation in OPERATIONS for pattern in patterns_of(input_shape(operation), ())}
    assert len(patterns) > 20
    for pattern in patterns:
        for text in ("a-" * 5000, "a" * 9999 + "!", " \n" * 5000):
            assert full_match(pattern, text) in (True, False)


def patterns_of(shape: Any, within: tuple[str, ...]) -> Iterator[str]:
    if shape.type_name == "structure" and shape.name not in within:
        for member in shape.members.values():
            yield from patterns_of(member, (*within, shape.name))
    elif shape.type_name == "list":
        yield from patterns_of(shape.member, within)
    elif shape.type_name == "map":
        yield from patterns_of(shape.key, within)
        yield from patterns_of(shape.value, within)
    elif shape.type_name == "string" and "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
