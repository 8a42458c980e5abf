"""What the checks conclude from what AWS may answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY
from smoke import alarms, binding, claims, launching
from smoke.checks import CHECKS
from smoke.claims import Claim
from smoke.prices import ALARM_METRIC_MONTH, HOURS_OF_A_MONTH, total
from smoke.report import Verdict
from smoke.world import UndecidedError
from smoke_aws import run_one
from worlds import Told, service_error, world

CLAIMS = [value for value in vars(claims).values() if isinstance(value, Claim)]


def outcomes(verdicts: list[Verdict]) -> dict[str, str]:
    return {verdict.claim.id: verdict.outcome for verdict in verdicts}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_each_sentence_stands_in_the_documentation(claim: Claim) -> None:
    text = " ".join((REPOSITORY / "docs/semantics.md").read_text().split())
    assert claim.sentence in text


def test_each_claim_belongs_to_one_check() -> None:
    assert sorted(claim.id for check in CHECKS for claim in check.claims) == sorted(
        claim.id for claim in CLAIMS
    )


def test_the_cheapest_check_comes_first() -> None:
    costs = [total(check.uses) for check in CHECKS]
    assert costs == sorted(costs)
    assert costs[0] == 0
    assert sum(costs) < 1


def test_the_page_tells_the_costs_as_they_are_computed() -> None:
    page = (REPOSITORY / "packaging/smoke/README.md").read_text()
    for check in CHECKS:
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{check.name}` |")]
        assert (f"${total(check.uses):.4f}" if check.uses else "nothing") in row
        assert f"{check.limit_minutes} min" in row
        assert all(f"`{check.name}`: " in page for _ in check.uses)


def test_the_cost_of_a_launch_counts_the_metrics_of_all_alarms_of_the_template() -> None:
    text = (REPOSITORY / "cfn-templates/project-s3-fs-ingestion.yaml").read_text()
    resources = yaml.load(text, Loader=alarms._Loader)["Resources"].values()
    found = [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = sum(sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1 for alarm in found)
    [launch] = [check for check in CHECKS if check.name == "launch"]
    [use] = [use for use in launch.uses if use.price is ALARM_METRIC_MONTH]
    assert use.quantity * HOURS_OF_A_MONTH == pytest.approx(metrics)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_where_all_goes_well_each_claim_is_shown_and_all_that_was_made_is_removed(
    check: Any, tmp_path: Path
) -> None:
    aws = Told()
    here = world(aws, check.name, tmp_path)
    found, interrupted = run_one(check, here)
    assert outcomes(found) == {claim.id: "shown" for claim in check.claims}
    assert not interrupted
    made = aws.operations("Create", "Put", "Associate", "Provision")
    assert here.ledger.remove_all() == []
    removed = aws.operations("Delete", "Disassociate", "Terminate")
    kinds = {re.sub("^(Create|PutMetric)", "", name) for name in made}
    # An object and a bucket's tags go with the bucket; a job cannot be deleted, and is stopped if it runs.
    kinds -= {"PutObject", "PutBucketTagging", "ProcessingJob"}
    counterparts = {
        "Alarm": "DeleteAlarms",
        "PutRolePolicy": "DeleteRolePolicy",
        "AssociatePrincipalWithPortfolio": "DisassociatePrincipalFromPortfolio",
        "ProvisionProduct": "TerminateProvisionedProduct",
    }
    assert {counterparts.get(kind, f"Delete{kind}") for kind in kinds} <= set(removed)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_everything_that_can_have_tags_has_them(check: Any, tmp_path: Path) -> None:
    aws = Told()
    run_one(check, world(aws, check.name, tmp_path))
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
def test_a_token_that_starts_another_execution_refutes_its_claim(
    tmp_path: Path, starts: str, expected: list[str]
) -> None:
    # first, again, by ARN, after its end, with other parameters (as the fourth), with another token
    order = [*starts[:4], starts[0], starts[4]]
    aws = Told(StartPipelineExecution=[arn_of(each) for each in order])
    found, _ = run_one(CHECKS[0], world(aws, "tokens", tmp_path))
    names = ["equal-token", "arn-token", "ended-token", "other-parameters"]
    assert [outcomes(found)[name] for name in names] == expected


def test_a_token_whose_other_parameters_are_refused_refutes_only_that(tmp_path: Path) -> None:
    refusal = service_error("ConflictException", "another request has the token")
    aws = Told(StartPipelineExecution=[*[arn_of("a")] * 4, refusal, arn_of("b")])
    found, _ = run_one(CHECKS[0], world(aws, "tokens", tmp_path))
    [refuted] = [verdict for verdict in found if verdict.outcome == "refuted"]
    assert refuted.claim.id == "other-parameters"
    assert "another request has the token" in refuted.seen


def test_a_role_that_cannot_be_assumed_yet_is_waited_for(tmp_path: Path) -> None:
    early = service_error("ValidationException", "Could not assume role")
    aws = Told(CreatePipeline=[early, early, {"PipelineArn": "p"}])
    found, _ = run_one(CHECKS[0], world(aws, "tokens", tmp_path))
    assert set(outcomes(found).values()) == {"shown"}


def metrics(ages: dict[str, float | None], failed: float) -> Any:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        metric = request["MetricDataQueries"][0]["MetricStat"]["Metric"]
        name = metric["Dimensions"][0]["Value"].rpartition("-")[2]
        value = failed if metric["MetricName"] == "ExecutionFailed" else ages[name]
        values = [] if value is None else [value]
        return {"MetricDataResults": [{"Id": "m", "Values": values}]}

    return answer


def test_an_age_that_counts_received_messages_too_refutes_the_claim(tmp_path: Path) -> None:
    aws = Told(GetMetricData=metrics({"waiting": 400, "received": 390}, 1))
    found = outcomes(run_one(CHECKS[1], world(aws, "alarms", tmp_path))[0])
    assert found == {
        "redrive": "shown",
        "dead-letters-alarm": "shown",
        "execution-failed": "shown",
        "age": "refuted",
    }


def test_an_age_that_is_not_there_yet_proves_nothing(tmp_path: Path) -> None:
    aws = Told(GetMetricData=metrics({"waiting": 400, "received": None}, 1))
    found = outcomes(run_one(CHECKS[1], world(aws, "alarms", tmp_path))[0])
    assert found["age"] == "undecided"


def test_what_never_appears_is_undecided_and_what_did_counts(tmp_path: Path) -> None:
    aws = Told(
        GetMetricData=metrics({"waiting": 20, "received": 0}, 0),
        DescribeAlarms=[
            {"MetricAlarms": [{"StateValue": "OK"}]},
            {"MetricAlarms": [{"StateValue": "ALARM"}]},
        ],
    )
    found = outcomes(run_one(CHECKS[1], world(aws, "alarms", tmp_path))[0])
    assert found == {
        "redrive": "shown",
        "dead-letters-alarm": "shown",
        "execution-failed": "undecided",
        "age": "undecided",
    }


def test_a_move_that_fails_is_told_with_its_reason(tmp_path: Path) -> None:
    failed = {"Results": [{"Status": "FAILED", "FailureReason": "AccessDenied"}]}
    found, _ = run_one(CHECKS[1], world(Told(ListMessageMoveTasks=failed), "alarms", tmp_path))
    [redrive] = [verdict for verdict in found if verdict.claim is claims.REDRIVE]
    assert (redrive.outcome, redrive.seen) == ("refuted", "FAILED, 0 moved AccessDenied")


def test_a_move_that_began_too_early_is_begun_again(tmp_path: Path) -> None:
    def task(started: int, moved: int) -> dict[str, Any]:
        counted = {"ApproximateNumberOfMessagesMoved": moved, "StartedTimestamp": started}
        return {"Results": [{"Status": "COMPLETED", **counted}]}

    # The second start is not listed at once.
    aws = Told(ListMessageMoveTasks=[task(1, 0), task(1, 0), task(2, 1)])
    found = outcomes(run_one(CHECKS[1], world(aws, "alarms", tmp_path))[0])
    assert found["redrive"] == "shown"
    assert len(aws.operations("StartMessageMoveTask")) == 2


def test_the_alarm_is_the_templates(tmp_path: Path) -> None:
    aws = Told()
    run_one(CHECKS[1], world(aws, "alarms", tmp_path))
    [line] = [line for line in aws.lines if line.startswith("cloudwatch:PutMetricAlarm")]
    for part in ('"Threshold": 0', '"Period": 60', '"MetricName": "ApproximateNumberOfMessagesVisible"'):
        assert part in line


def test_a_launch_that_fails_refutes_it_and_says_why(tmp_path: Path) -> None:
    record = {"Status": "FAILED", "RecordErrors": [{"Description": "not authorized: sqs:CreateQueue"}]}
    aws = Told(DescribeRecord={"RecordDetail": record})
    found, _ = run_one(CHECKS[2], world(aws, "launch", tmp_path))
    told = {verdict.claim.id: (verdict.outcome, verdict.seen) for verdict in found}
    assert told["provisioning"] == ("refuted", "FAILED: not authorized: sqs:CreateQueue")
    assert told["build"][0] == told["termination"][0] == "undecided"


def test_a_build_that_fails_refutes_only_the_build(tmp_path: Path) -> None:
    aws = Told(ListPipelineExecutions={"pipelineExecutionSummaries": [{"status": "Failed"}]})
    found, _ = run_one(CHECKS[2], world(aws, "launch", tmp_path))
    assert outcomes(found) == {"provisioning": "shown", "build": "refuted", "termination": "shown"}


def test_without_the_portfolio_the_launch_is_undecided_and_says_what_to_do(tmp_path: Path) -> None:
    aws = Told(DescribeStacks=service_error("ValidationError", "Stack with id x does not exist"))
    found, _ = run_one(CHECKS[2], world(aws, "launch", tmp_path))
    assert set(outcomes(found).values()) == {"undecided"}
    assert "make deploy" in found[0].seen
    assert aws.operations("Create", "Put", "Provision", "Associate") == []


def test_who_is_a_principal_of_the_portfolio_stays_one(tmp_path: Path) -> None:
    mine = {"Principals": [{"PrincipalARN": "arn:aws:iam::111122223333:role/you"}]}
    aws = Told(ListPrincipalsForPortfolio=[{"Principals": [], "NextPageToken": "more"}, mine])
    here = world(aws, "launch", tmp_path)
    run_one(CHECKS[2], here)
    here.ledger.remove_all()
    assert aws.operations("Associate", "Disassociate") == []


def test_a_principal_that_was_just_let_in_is_waited_for(tmp_path: Path) -> None:
    early = service_error("ResourceNotFoundException", "No launch paths found for resource: prod-1")
    aws = Told(ProvisionProduct=[early, {"RecordDetail": {"RecordId": "rec-1"}}])
    found, _ = run_one(CHECKS[2], world(aws, "launch", tmp_path))
    assert outcomes(found)["provisioning"] == "shown"


def test_given_parameters_of_the_product_are_kept_and_a_given_bucket_is_not_removed(tmp_path: Path) -> None:
    aws = Told()
    here = world(aws, "launch", tmp_path, DataBucketName="team-data", PipelineNamePrefix="mine")
    run_one(CHECKS[2], here)
    here.ledger.remove_all()
    [line] = [line for line in aws.lines if line.startswith("servicecatalog:ProvisionProduct")]
    assert '{"Key": "DataBucketName", "Value": "team-data"}' in line
    removed = [line for line in aws.lines if ":Delete" in line]
    assert not any("team-data" in line or "-data-1111" in line for line in removed)
    assert any('"PipelineName": "mine-p-smokeabc123"' in line for line in removed)


def test_a_product_in_the_midst_of_being_provisioned_is_removed_once_it_can_be(tmp_path: Path) -> None:
    busy = service_error("ValidationException", "the product is UNDER_CHANGE")
    aws = Told(TerminateProvisionedProduct=[busy, busy, {"RecordDetail": {"RecordId": "rec-2"}}])
    here = world(aws, "launch", tmp_path)
    launching.write_down(here)
    assert here.ledger.remove_all() == []
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
            "it asked for the flow's own object",
        ),
        (
            {"DescribeProcessingJob": JOB, "FilterLogEvents": {"events": [{"message": "m"}]}},
            "refuted",
            "it asked for the flow's own object",
        ),
        ({"DescribeProcessingJob": JOB, "FilterLogEvents": {"events": []}}, "undecided", "exit code 1"),
        ({"DescribeProcessingJob": {"ProcessingJobStatus": "Stopped"}}, "undecided", "Stopped"),
        ({"DescribeFeatureGroup": {"FeatureGroupStatus": "CreateFailed"}}, "undecided", "feature group"),
        ({"CreateProcessingJob": service_error("ResourceLimitExceeded", "quota")}, "undecided", "quota"),
    ],
)
def test_the_container_is_judged_by_rows_and_by_what_it_asked_for(
    tmp_path: Path, answers: dict[str, Any], outcome: str, seen: str
) -> None:
    found, _ = run_one(CHECKS[3], world(Told(**answers), "binding", tmp_path))
    [verdict] = found
    assert verdict.outcome == outcome
    assert seen in verdict.seen


def test_the_job_is_the_products_own_and_ends_by_itself(tmp_path: Path) -> None:
    request = binding.job(world(Told(), "binding", tmp_path))
    [flow, data] = request["ProcessingInputs"]
    name = "sagemaker-smoke-abc123-binding"
    assert flow["S3Input"]["S3Uri"] == f"s3://{name}-111122223333/flow/three-rows.flow"
    assert data["S3Input"]["S3Uri"] == f"s3://{name}-111122223333/mounted/three-rows.csv"
    assert data["S3Input"]["LocalPath"] == "/opt/ml/processing/three-rows.csv"
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800}
    assert request["ProcessingOutputConfig"]["Outputs"][0]["OutputName"].endswith(".default")


def test_a_job_that_runs_is_stopped_and_one_that_has_ended_is_left(tmp_path: Path) -> None:
    running, ended = Told(DescribeProcessingJob={"ProcessingJobStatus": "InProgress"}), Told()
    for aws in (running, ended):
        binding.stop(world(aws, "binding", tmp_path))
    assert running.operations("Stop") == ["StopProcessingJob"]
    assert ended.operations("Stop") == []


def test_without_the_program_there_is_no_job(tmp_path: Path) -> None:
    here = world(Told(), "binding", tmp_path)
    here.program.unlink()
    with pytest.raises(UndecidedError, match="make build"):
        binding.job(here)


def test_a_check_that_breaks_still_gives_a_verdict_on_each_claim(tmp_path: Path) -> None:
    found, interrupted = run_one(CHECKS[0], world(Told(StartPipelineExecution={}), "tokens", tmp_path))
    assert set(outcomes(found).values()) == {"undecided"}
    assert "KeyError" in found[0].seen
    assert not interrupted
