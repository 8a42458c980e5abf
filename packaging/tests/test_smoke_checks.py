"""The verdicts of the checks, for the responses that AWS may give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY
from fake_aws import FakeAws, context, service_error
from smoke import alarms, binding, claims, launching
from smoke.checks import CHECKS
from smoke.claims import Claim
from smoke.context import UndecidedError
from smoke.prices import ALARM_METRIC_MONTH, HOURS_OF_A_MONTH, total
from smoke.report import Verdict
from smoke_aws import run_one

CLAIMS = [value for value in vars(claims).values() if isinstance(value, Claim)]


def outcomes(verdicts: list[Verdict]) -> dict[str, str]:
    return {verdict.claim.id: verdict.outcome for verdict in verdicts}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_quotes_the_documentation(claim: Claim) -> None:
    text = " ".join((REPOSITORY / "docs/semantics.md").read_text().split())
    assert claim.sentence in text


def test_every_claim_has_one_check() -> None:
    assert sorted(claim.id for check in CHECKS for claim in check.claims) == sorted(
        claim.id for claim in CLAIMS
    )


def test_cheapest_check_is_first() -> None:
    costs = [total(check.uses) for check in CHECKS]
    assert costs == sorted(costs)
    assert costs[0] == 0
    assert sum(costs) < 1


def test_page_states_computed_costs() -> None:
    page = (REPOSITORY / "packaging/smoke/README.md").read_text()
    for check in CHECKS:
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{check.name}` |")]
        assert (f"${total(check.uses):.4f}" if check.uses else "nothing") in row
        assert f"{check.limit_minutes} min" in row
        assert all(f"`{check.name}`: " in page for _ in check.uses)


def test_launch_cost_counts_metrics_of_all_template_alarms() -> None:
    text = (REPOSITORY / "cfn-templates/project-s3-fs-ingestion.yaml").read_text()
    resources = yaml.load(text, Loader=alarms._Loader)["Resources"].values()
    found = [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = sum(sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1 for alarm in found)
    [launch] = [check for check in CHECKS if check.name == "launch"]
    [use] = [use for use in launch.uses if use.price is ALARM_METRIC_MONTH]
    assert use.quantity * HOURS_OF_A_MONTH == pytest.approx(metrics)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_successful_check_shows_every_claim_and_removes_everything(check: Any, tmp_path: Path) -> None:
    aws = FakeAws()
    ctx = context(aws, check.name, tmp_path)
    found, interrupted = run_one(check, ctx)
    assert outcomes(found) == {claim.id: "shown" for claim in check.claims}
    assert not interrupted
    made = aws.operations("Create", "Put", "Associate", "Provision")
    assert ctx.cleanup.run() == []
    removed = aws.operations("Delete", "Disassociate", "Terminate")
    kinds = {re.sub("^(Create|PutMetric)", "", name) for name in made}
    # Objects and tags are deleted with the bucket. A job cannot be deleted; it is stopped if it runs.
    kinds -= {"PutObject", "PutBucketTagging", "ProcessingJob"}
    counterparts = {
        "Alarm": "DeleteAlarms",
        "PutRolePolicy": "DeleteRolePolicy",
        "AssociatePrincipalWithPortfolio": "DisassociatePrincipalFromPortfolio",
        "ProvisionProduct": "TerminateProvisionedProduct",
    }
    assert {counterparts.get(kind, f"Delete{kind}") for kind in kinds} <= set(removed)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_tags_every_taggable_resource(check: Any, tmp_path: Path) -> None:
    aws = FakeAws()
    run_one(check, context(aws, check.name, tmp_path))
    making = [
        line for line in aws.lines if re.match(r"[a-z-]+:(Create|ProvisionProduct|PutMetricAlarm)", line)
    ]
    tagged = [line for line in making if not line.startswith("s3:CreateBucket")]
    assert tagged
    assert all("sagemaker-feature-ingestion-smoke" in line for line in tagged)
    assert all(f"sagemaker-smoke-abc123-{check.name}" in line for line in making)


def arn_of(answer: str) -> dict[str, str]:
    return {"PipelineExecutionArn": answer}


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("aaaab", ["shown", "shown", "shown", "shown"]),
        ("acaab", ["refuted", "shown", "shown", "shown"]),
        ("aacab", ["shown", "refuted", "shown", "shown"]),
        ("aaacb", ["shown", "shown", "refuted", "shown"]),
        ("aaaaa", ["undecided", "undecided", "undecided", "undecided"]),
    ],
)
def test_new_execution_refutes_token_claim(tmp_path: Path, starts: str, expected: list[str]) -> None:
    # first, again, by ARN, after the end, with other parameters (like the first), with another token
    order = [*starts[:4], starts[0], starts[4]]
    aws = FakeAws(StartPipelineExecution=[arn_of(each) for each in order])
    found, _ = run_one(CHECKS[0], context(aws, "tokens", tmp_path))
    names = ["equal-token", "arn-token", "ended-token", "other-parameters"]
    assert [outcomes(found)[name] for name in names] == expected


def test_rejected_parameters_refute_only_their_claim(tmp_path: Path) -> None:
    refusal = service_error("ConflictException", "another request has the token")
    aws = FakeAws(StartPipelineExecution=[*[arn_of("a")] * 4, refusal, arn_of("b")])
    found, _ = run_one(CHECKS[0], context(aws, "tokens", tmp_path))
    [refuted] = [verdict for verdict in found if verdict.outcome == "refuted"]
    assert refuted.claim.id == "other-parameters"
    assert "another request has the token" in refuted.seen


def test_waits_for_new_role(tmp_path: Path) -> None:
    early = service_error("ValidationException", "Could not assume role")
    aws = FakeAws(CreatePipeline=[early, early, {"PipelineArn": "p"}])
    found, _ = run_one(CHECKS[0], context(aws, "tokens", tmp_path))
    assert set(outcomes(found).values()) == {"shown"}


def metrics(ages: dict[str, float | None], failed: float) -> Any:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        metric = request["MetricDataQueries"][0]["MetricStat"]["Metric"]
        name = metric["Dimensions"][0]["Value"].rpartition("-")[2]
        value = failed if metric["MetricName"] == "ExecutionFailed" else ages[name]
        values = [] if value is None else [value]
        return {"MetricDataResults": [{"Id": "m", "Values": values}]}

    return answer


def test_age_that_counts_received_messages_refutes_claim(tmp_path: Path) -> None:
    aws = FakeAws(GetMetricData=metrics({"waiting": 400, "received": 390}, 1))
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms", tmp_path))[0])
    assert found == {
        "redrive": "shown",
        "dead-letters-alarm": "shown",
        "execution-failed": "shown",
        "age": "refuted",
    }


def test_missing_age_is_undecided(tmp_path: Path) -> None:
    aws = FakeAws(GetMetricData=metrics({"waiting": 400, "received": None}, 1))
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms", tmp_path))[0])
    assert found["age"] == "undecided"


def test_missing_metrics_leave_only_their_claims_undecided(tmp_path: Path) -> None:
    aws = FakeAws(
        GetMetricData=metrics({"waiting": 20, "received": 0}, 0),
        DescribeAlarms=[
            {"MetricAlarms": [{"StateValue": "OK"}]},
            {"MetricAlarms": [{"StateValue": "ALARM"}]},
        ],
    )
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms", tmp_path))[0])
    assert found == {
        "redrive": "shown",
        "dead-letters-alarm": "shown",
        "execution-failed": "undecided",
        "age": "undecided",
    }


def test_failed_move_is_reported_with_reason(tmp_path: Path) -> None:
    failed = {"Results": [{"Status": "FAILED", "FailureReason": "AccessDenied"}]}
    found, _ = run_one(CHECKS[1], context(FakeAws(ListMessageMoveTasks=failed), "alarms", tmp_path))
    [redrive] = [verdict for verdict in found if verdict.claim is claims.REDRIVE]
    assert (redrive.outcome, redrive.seen) == ("refuted", "FAILED, 0 moved AccessDenied")


def test_restarts_move_that_moved_nothing(tmp_path: Path) -> None:
    def task(started: int, moved: int) -> dict[str, Any]:
        counted = {"ApproximateNumberOfMessagesMoved": moved, "StartedTimestamp": started}
        return {"Results": [{"Status": "COMPLETED", **counted}]}

    # The second task is not listed immediately.
    aws = FakeAws(ListMessageMoveTasks=[task(1, 0), task(1, 0), task(2, 1)])
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms", tmp_path))[0])
    assert found["redrive"] == "shown"
    assert len(aws.operations("StartMessageMoveTask")) == 2


def test_creates_the_templates_alarm(tmp_path: Path) -> None:
    aws = FakeAws()
    run_one(CHECKS[1], context(aws, "alarms", tmp_path))
    [line] = [line for line in aws.lines if line.startswith("cloudwatch:PutMetricAlarm")]
    for part in ('"Threshold": 0', '"Period": 60', '"MetricName": "ApproximateNumberOfMessagesVisible"'):
        assert part in line


def test_failed_launch_is_refuted_with_reason(tmp_path: Path) -> None:
    record = {"Status": "FAILED", "RecordErrors": [{"Description": "not authorized: sqs:CreateQueue"}]}
    aws = FakeAws(DescribeRecord={"RecordDetail": record})
    found, _ = run_one(CHECKS[2], context(aws, "launch", tmp_path))
    found_by_id = {verdict.claim.id: (verdict.outcome, verdict.seen) for verdict in found}
    assert found_by_id["provisioning"] == ("refuted", "FAILED: not authorized: sqs:CreateQueue")
    assert found_by_id["build"][0] == found_by_id["termination"][0] == "undecided"


def test_failed_build_refutes_only_the_build(tmp_path: Path) -> None:
    aws = FakeAws(ListPipelineExecutions={"pipelineExecutionSummaries": [{"status": "Failed"}]})
    found, _ = run_one(CHECKS[2], context(aws, "launch", tmp_path))
    assert outcomes(found) == {"provisioning": "shown", "build": "refuted", "termination": "shown"}


def test_launch_without_portfolio_is_undecided_with_hint(tmp_path: Path) -> None:
    aws = FakeAws(DescribeStacks=service_error("ValidationError", "Stack with id x does not exist"))
    found, _ = run_one(CHECKS[2], context(aws, "launch", tmp_path))
    assert set(outcomes(found).values()) == {"undecided"}
    assert "make deploy" in found[0].seen
    assert aws.operations("Create", "Put", "Provision", "Associate") == []


def test_existing_principal_is_kept(tmp_path: Path) -> None:
    mine = {"Principals": [{"PrincipalARN": "arn:aws:iam::111122223333:role/you"}]}
    aws = FakeAws(ListPrincipalsForPortfolio=[{"Principals": [], "NextPageToken": "more"}, mine])
    ctx = context(aws, "launch", tmp_path)
    run_one(CHECKS[2], ctx)
    ctx.cleanup.run()
    assert aws.operations("Associate", "Disassociate") == []


def test_waits_for_new_principal(tmp_path: Path) -> None:
    early = service_error("ResourceNotFoundException", "No launch paths found for resource: prod-1")
    aws = FakeAws(ProvisionProduct=[early, {"RecordDetail": {"RecordId": "rec-1"}}])
    found, _ = run_one(CHECKS[2], context(aws, "launch", tmp_path))
    assert outcomes(found)["provisioning"] == "shown"


def test_passes_given_parameters_and_keeps_given_bucket(tmp_path: Path) -> None:
    aws = FakeAws()
    ctx = context(aws, "launch", tmp_path, DataBucketName="team-data", PipelineNamePrefix="mine")
    run_one(CHECKS[2], ctx)
    ctx.cleanup.run()
    [line] = [line for line in aws.lines if line.startswith("servicecatalog:ProvisionProduct")]
    assert '{"Key": "DataBucketName", "Value": "team-data"}' in line
    removed = [line for line in aws.lines if ":Delete" in line]
    assert not any("team-data" in line or "-data-1111" in line for line in removed)
    assert any('"PipelineName": "mine-p-smokeabc123"' in line for line in removed)


def test_removes_product_once_provisioning_allows_it(tmp_path: Path) -> None:
    busy = service_error("ValidationException", "the product is UNDER_CHANGE")
    aws = FakeAws(TerminateProvisionedProduct=[busy, busy, {"RecordDetail": {"RecordId": "rec-2"}}])
    ctx = context(aws, "launch", tmp_path)
    launching.register_resources(ctx)
    assert ctx.cleanup.run() == []
    assert len(aws.operations("TerminateProvisionedProduct")) == 3


JOB = {"ProcessingJobStatus": "Failed", "FailureReason": "AlgorithmError: exit code 1"}


@pytest.mark.parametrize(
    ("answers", "outcome", "seen"),
    [
        ({"GetRecord": [{"Record": [{}]}, {"Record": [{}]}, {}]}, "refuted", "Completed, 2 of 3"),
        ({"GetRecord": {}}, "refuted", "Completed, 0 of 3"),
        (
            {"DescribeProcessingJob": {**JOB, "ExitMessage": "no s3://b/missing/three-rows.csv"}},
            "refuted",
            "it requested the flow's source object",
        ),
        (
            {"DescribeProcessingJob": JOB, "FilterLogEvents": {"events": [{"message": "m"}]}},
            "refuted",
            "it requested the flow's source object",
        ),
        ({"DescribeProcessingJob": JOB, "FilterLogEvents": {"events": []}}, "undecided", "exit code 1"),
        ({"DescribeProcessingJob": {"ProcessingJobStatus": "Stopped"}}, "undecided", "Stopped"),
        ({"DescribeFeatureGroup": {"FeatureGroupStatus": "CreateFailed"}}, "undecided", "feature group"),
        ({"CreateProcessingJob": service_error("ResourceLimitExceeded", "quota")}, "undecided", "quota"),
    ],
)
def test_binding_verdict_depends_on_rows_and_requested_object(
    tmp_path: Path, answers: dict[str, Any], outcome: str, seen: str
) -> None:
    found, _ = run_one(CHECKS[3], context(FakeAws(**answers), "binding", tmp_path))
    [verdict] = found
    assert verdict.outcome == outcome
    assert seen in verdict.seen


def test_job_is_the_products_with_time_limit(tmp_path: Path) -> None:
    request = binding.job(context(FakeAws(), "binding", tmp_path))
    [flow, data] = request["ProcessingInputs"]
    name = "sagemaker-smoke-abc123-binding"
    assert flow["S3Input"]["S3Uri"] == f"s3://{name}-111122223333/flow/three-rows.flow"
    assert data["S3Input"]["S3Uri"] == f"s3://{name}-111122223333/mounted/three-rows.csv"
    assert data["S3Input"]["LocalPath"] == "/opt/ml/processing/three-rows.csv"
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800}
    assert request["ProcessingOutputConfig"]["Outputs"][0]["OutputName"].endswith(".default")


def test_stops_job_only_while_it_runs(tmp_path: Path) -> None:
    running, ended = FakeAws(DescribeProcessingJob={"ProcessingJobStatus": "InProgress"}), FakeAws()
    for aws in (running, ended):
        binding.stop(context(aws, "binding", tmp_path))
    assert running.operations("Stop") == ["StopProcessingJob"]
    assert ended.operations("Stop") == []


def test_missing_program_is_undecided(tmp_path: Path) -> None:
    ctx = context(FakeAws(), "binding", tmp_path)
    ctx.program.unlink()
    with pytest.raises(UndecidedError, match="make build"):
        binding.job(ctx)


def test_crashed_check_still_gives_all_verdicts(tmp_path: Path) -> None:
    found, interrupted = run_one(CHECKS[0], context(FakeAws(StartPipelineExecution={}), "tokens", tmp_path))
    assert set(outcomes(found).values()) == {"undecided"}
    assert "KeyError" in found[0].seen
    assert not interrupted
