"""The verdicts of the checks, for the responses that AWS may give."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY
from fake_aws import FakeAws, context, service_error
from smoke import alarms, claims, ingesting, project
from smoke.checks import CHECKS
from smoke.claims import Claim
from smoke.prices import ALARM_METRIC_MONTH, HOURS_OF_A_MONTH, total
from smoke.report import Verdict
from smoke_aws import run_one

CLAIMS = [value for value in vars(claims).values() if isinstance(value, Claim)]


def outcomes(verdicts: list[Verdict]) -> dict[str, str]:
    return {verdict.claim.id: verdict.outcome for verdict in verdicts}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_quotes_the_documentation(claim: Claim) -> None:
    text = " ".join((REPOSITORY / claim.page).read_text().split())
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
        named = [line for line in page.partition("## Cost")[2].splitlines() if f"`{check.name}`" in line]
        assert len(named) == len(check.uses)


def test_launch_cost_counts_metrics_of_all_template_alarms() -> None:
    text = (REPOSITORY / "cfn-templates/project-s3-fs-ingestion.yaml").read_text()
    resources = yaml.load(text, Loader=alarms._Loader)["Resources"].values()
    found = [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = sum(sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1 for alarm in found)
    [launch] = [check for check in CHECKS if check.name == "launch"]
    [use] = [use for use in launch.uses if use.price is ALARM_METRIC_MONTH]
    assert use.quantity * HOURS_OF_A_MONTH == pytest.approx(metrics)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_successful_check_shows_every_claim_and_removes_everything(check: Any) -> None:
    aws = FakeAws()
    ctx = context(aws, check.name)
    found, interrupted = run_one(check, ctx)
    assert outcomes(found) == {claim.id: "shown" for claim in check.claims}
    assert not interrupted
    made = aws.operations("Create", "Put", "Associate", "Provision")
    assert ctx.cleanup.run() == []
    removed = aws.operations("Delete", "Disassociate", "Remove", "Terminate")
    kinds = {re.sub("^(Create|PutMetric)", "", name) for name in made}
    # Objects and tags are deleted with the bucket, files with the project's repository.
    kinds -= {"PutObject", "PutBucketTagging", "PutFile"}
    counterparts = {
        "Alarm": "DeleteAlarms",
        "PutRule": "DeleteRule",
        "PutTargets": "RemoveTargets",
        "AssociatePrincipalWithPortfolio": "DisassociatePrincipalFromPortfolio",
        "ProvisionProduct": "TerminateProvisionedProduct",
    }
    assert {counterparts.get(kind, f"Delete{kind}") for kind in kinds} <= set(removed)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_tags_every_taggable_resource(check: Any) -> None:
    aws = FakeAws()
    run_one(check, context(aws, check.name))
    making = [
        line
        for line in aws.lines
        if re.match(r"[a-z-]+:(Create|ProvisionProduct|PutMetricAlarm|PutRule)", line)
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
def test_new_execution_refutes_token_claim(starts: str, expected: list[str]) -> None:
    # first, again, by ARN, after the end, with other parameters (like the first), with another token
    order = [*starts[:4], starts[0], starts[4]]
    aws = FakeAws(StartPipelineExecution=[arn_of(each) for each in order])
    found, _ = run_one(CHECKS[0], context(aws, "tokens"))
    names = ["equal-token", "arn-token", "ended-token", "other-parameters"]
    assert [outcomes(found)[name] for name in names] == expected


def test_rejected_parameters_refute_only_their_claim() -> None:
    refusal = service_error("ConflictException", "another request has the token")
    aws = FakeAws(StartPipelineExecution=[*[arn_of("a")] * 4, refusal, arn_of("b")])
    found, _ = run_one(CHECKS[0], context(aws, "tokens"))
    [refuted] = [verdict for verdict in found if verdict.outcome == "refuted"]
    assert refuted.claim.id == "other-parameters"
    assert "another request has the token" in refuted.seen


def test_waits_for_new_role() -> None:
    early = service_error("ValidationException", "Could not assume role")
    aws = FakeAws(CreatePipeline=[early, early, {"PipelineArn": "p"}])
    found, _ = run_one(CHECKS[0], context(aws, "tokens"))
    assert set(outcomes(found).values()) == {"shown"}


def metrics(ages: dict[str, float | None], failed: float) -> Any:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        metric = request["MetricDataQueries"][0]["MetricStat"]["Metric"]
        name = metric["Dimensions"][0]["Value"].rpartition("-")[2]
        value = failed if metric["MetricName"] == "ExecutionFailed" else ages[name]
        values = [] if value is None else [value]
        return {"MetricDataResults": [{"Id": "m", "Values": values}]}

    return answer


def test_age_that_counts_received_messages_refutes_claim() -> None:
    aws = FakeAws(GetMetricData=metrics({"waiting": 400, "received": 390}, 1))
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms"))[0])
    assert found == {
        "redrive": "shown",
        "dead-letters-alarm": "shown",
        "execution-failed": "shown",
        "age": "refuted",
    }


def test_missing_age_is_undecided() -> None:
    aws = FakeAws(GetMetricData=metrics({"waiting": 400, "received": None}, 1))
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms"))[0])
    assert found["age"] == "undecided"


def test_missing_metrics_leave_only_their_claims_undecided() -> None:
    aws = FakeAws(
        GetMetricData=metrics({"waiting": 20, "received": 0}, 0),
        DescribeAlarms=[
            {"MetricAlarms": [{"StateValue": "OK"}]},
            {"MetricAlarms": [{"StateValue": "ALARM"}]},
        ],
    )
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms"))[0])
    assert found == {
        "redrive": "shown",
        "dead-letters-alarm": "shown",
        "execution-failed": "undecided",
        "age": "undecided",
    }


def test_failed_move_is_reported_with_reason() -> None:
    failed = {"Results": [{"Status": "FAILED", "FailureReason": "AccessDenied"}]}
    found, _ = run_one(CHECKS[1], context(FakeAws(ListMessageMoveTasks=failed), "alarms"))
    [redrive] = [verdict for verdict in found if verdict.claim is claims.REDRIVE]
    assert (redrive.outcome, redrive.seen) == ("refuted", "FAILED, 0 moved AccessDenied")


def test_restarts_move_that_moved_nothing() -> None:
    def task(started: int, moved: int) -> dict[str, Any]:
        counted = {"ApproximateNumberOfMessagesMoved": moved, "StartedTimestamp": started}
        return {"Results": [{"Status": "COMPLETED", **counted}]}

    # The second task is not listed immediately.
    aws = FakeAws(ListMessageMoveTasks=[task(1, 0), task(1, 0), task(2, 1)])
    found = outcomes(run_one(CHECKS[1], context(aws, "alarms"))[0])
    assert found["redrive"] == "shown"
    assert len(aws.operations("StartMessageMoveTask")) == 2


def test_creates_the_templates_alarm() -> None:
    aws = FakeAws()
    run_one(CHECKS[1], context(aws, "alarms"))
    [line] = [line for line in aws.lines if line.startswith("cloudwatch:PutMetricAlarm")]
    for part in ('"Threshold": 0', '"Period": 60', '"MetricName": "ApproximateNumberOfMessagesVisible"'):
        assert part in line


def test_failed_launch_is_refuted_with_reason() -> None:
    record = {"Status": "FAILED", "RecordErrors": [{"Description": "not authorized: sqs:CreateQueue"}]}
    aws = FakeAws(DescribeRecord={"RecordDetail": record})
    found, _ = run_one(CHECKS[2], context(aws, "launch"))
    found_by_id = {verdict.claim.id: (verdict.outcome, verdict.seen) for verdict in found}
    assert found_by_id["provisioning"] == ("refuted", "FAILED: not authorized: sqs:CreateQueue")
    assert found_by_id["build"][0] == found_by_id["termination"][0] == "undecided"


def test_failed_build_refutes_only_the_build() -> None:
    aws = FakeAws(ListPipelineExecutions={"pipelineExecutionSummaries": [{"status": "Failed"}]})
    found, _ = run_one(CHECKS[2], context(aws, "launch"))
    assert outcomes(found) == {"provisioning": "shown", "build": "refuted", "termination": "shown"}


def test_launch_without_portfolio_is_undecided_with_hint() -> None:
    aws = FakeAws(DescribeStacks=service_error("ValidationError", "Stack with id x does not exist"))
    found, _ = run_one(CHECKS[2], context(aws, "launch"))
    assert set(outcomes(found).values()) == {"undecided"}
    assert "make deploy" in found[0].seen
    assert aws.operations("Create", "Put", "Provision", "Associate") == []


def test_existing_principal_is_kept() -> None:
    mine = {"Principals": [{"PrincipalARN": "arn:aws:iam::111122223333:role/you"}]}
    aws = FakeAws(ListPrincipalsForPortfolio=[{"Principals": [], "NextPageToken": "more"}, mine])
    ctx = context(aws, "launch")
    run_one(CHECKS[2], ctx)
    ctx.cleanup.run()
    assert aws.operations("Associate", "Disassociate") == []


def test_waits_for_new_principal() -> None:
    early = service_error("ResourceNotFoundException", "No launch paths found for resource: prod-1")
    aws = FakeAws(ProvisionProduct=[early, {"RecordDetail": {"RecordId": "rec-1"}}])
    found, _ = run_one(CHECKS[2], context(aws, "launch"))
    assert outcomes(found)["provisioning"] == "shown"


def test_passes_given_parameters_and_keeps_given_bucket() -> None:
    aws = FakeAws()
    ctx = context(aws, "launch", DataBucketName="team-data", PipelineNamePrefix="mine")
    run_one(CHECKS[2], ctx)
    ctx.cleanup.run()
    [line] = [line for line in aws.lines if line.startswith("servicecatalog:ProvisionProduct")]
    assert '{"Key": "DataBucketName", "Value": "team-data"}' in line
    removed = [line for line in aws.lines if ":Delete" in line]
    assert not any("team-data" in line or "-data-1111" in line for line in removed)
    assert any('"PipelineName": "mine-p-smokeabc123l"' in line for line in removed)


def test_removes_product_once_provisioning_allows_it() -> None:
    busy = service_error("ValidationException", "the product is UNDER_CHANGE")
    aws = FakeAws(TerminateProvisionedProduct=[busy, busy, {"RecordDetail": {"RecordId": "rec-2"}}])
    ctx = context(aws, "launch")
    project.register_resources(ctx)
    assert ctx.cleanup.run() == []
    assert len(aws.operations("TerminateProvisionedProduct")) == 3


INGESTING = {check.name: check for check in CHECKS if check.name in {"native", "data-wrangler"}}


def ingest(aws: FakeAws, check: str = "data-wrangler", **parameters: str) -> dict[str, Verdict]:
    """Runs one of the checks that ingest a file. Returns its verdicts by claim."""
    found, _ = run_one(INGESTING[check], context(aws, check, **parameters))
    return {verdict.claim.id: verdict for verdict in found}


@pytest.mark.parametrize("check", INGESTING)
def test_project_gets_the_engine_and_its_own_bucket(check: str) -> None:
    aws = FakeAws()
    ingest(aws, check, Engine="other", DataBucketName="team-data", Architecture="arm64")
    [line] = [line for line in aws.lines if line.startswith("servicecatalog:ProvisionProduct")]
    assert f'{{"Key": "Engine", "Value": "{check}"}}' in line
    assert '{"Key": "Architecture", "Value": "arm64"}' in line
    assert "team-data" not in line


def record(row: str, value: str) -> dict[str, Any]:
    values = {"record_id": row, "value": value, "event_time": "1.7E9"}
    return {"Record": [{"FeatureName": name, "ValueAsString": text} for name, text in values.items()]}


@pytest.mark.parametrize(
    ("third", "outcome"),
    [(record("3", "2.50"), "shown"), (record("3", "9"), "refuted"), ({}, "refuted")],
    ids=["equal", "another value", "missing"],
)
def test_features_are_compared_by_value(third: dict[str, Any], outcome: str) -> None:
    found = ingest(FakeAws(GetRecord=[record("1", "0.5"), record("2", "1.5"), third]))
    assert found["data-wrangler-features"].outcome == outcome


def executions(*statuses: str) -> dict[str, Any]:
    """The executions of the project's pipeline, in the answer to both services' ListPipelineExecutions."""
    listed = [
        {"PipelineExecutionArn": f"arn:execution/{number}", "PipelineExecutionStatus": status}
        for number, status in enumerate(statuses)
    ]
    return {
        "PipelineExecutionSummaries": listed,
        "pipelineExecutionSummaries": [{"status": "Succeeded"}] * 2,
    }


def answer(**members: str) -> Any:
    return lambda _request: {"Payload": io.BytesIO(json.dumps(members).encode())}


def failed_step(reason: str) -> dict[str, Any]:
    job = {"ProcessingJob": {"Arn": "arn:aws:sagemaker:r:a:processing-job/pipelines-x-step-y"}}
    step = {"StepName": "step", "StepStatus": "Failed", "FailureReason": reason, "Metadata": job}
    staged = {"StepName": "stage-input", "StepStatus": "Succeeded"}
    return {"PipelineExecutionSteps": [staged, step]}


def failing(log: Any) -> FakeAws:
    return FakeAws(
        ListPipelineExecutions=executions("Failed"),
        ListPipelineExecutionSteps=failed_step("AlgorithmError: exit code 1"),
        DescribeProcessingJob={"ExitMessage": "no such file"},
        FilterLogEvents=log,
    )


def test_failed_execution_is_refuted_with_the_reasons_of_its_job() -> None:
    aws = failing({"events": []})
    verdict = ingest(aws)["data-wrangler-features"]
    assert verdict.outcome == "refuted"
    assert verdict.seen == (
        "Failed: step: AlgorithmError: exit code 1; no such file; "
        "log /aws/sagemaker/ProcessingJobs, pipelines-x-step-y"
    )
    assert aws.operations("GetRecord") == []


def test_failed_execution_that_asked_for_the_flows_source_is_told() -> None:
    seen = ingest(failing({"events": [{"message": "m"}]}))["data-wrangler-features"].seen
    assert "its log names input-was-not-bound: it asked for the flow's source, not for the upload" in seen


@pytest.mark.parametrize(
    ("listed", "answered", "outcome"),
    [
        (executions("Succeeded"), answer(execution_arn="arn:execution/0"), "shown"),
        (executions("Succeeded"), answer(execution_arn="arn:execution/1"), "refuted"),
        (executions("Succeeded", "Executing"), answer(execution_arn="arn:execution/0"), "refuted"),
        (executions("Succeeded"), answer(errorType="AccessDenied"), "refuted"),
    ],
    ids=["the same", "another answer", "another execution", "failed"],
)
def test_second_delivery_must_give_the_first_execution(
    listed: dict[str, Any], answered: Any, outcome: str
) -> None:
    found = ingest(FakeAws(ListPipelineExecutions=listed, Invoke=answered))
    assert found["data-wrangler-duplicate"].outcome == outcome


def message(key: str, **members: str) -> dict[str, Any]:
    event = {"detail": {"object": {"key": key, **members}}}
    return {"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": json.dumps(event)}]}


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (message(ingesting.KEY, **{"version-id": "v", "sequencer": "1"}), "shown"),
        (message("landing/a+b%2B%C3%BC.csv", **{"version-id": "v", "sequencer": "1"}), "refuted"),
        (message(ingesting.KEY, **{"version-id": "other", "sequencer": "1"}), "refuted"),
        (message(ingesting.KEY, sequencer="1"), "refuted"),
        (message(ingesting.KEY, **{"version-id": "v"}), "refuted"),
    ],
    ids=["as uploaded", "encoded key", "another version", "no version", "no sequencer"],
)
def test_event_must_name_the_uploaded_object(event: dict[str, Any], outcome: str) -> None:
    probes = [{}, message("probe")]
    aws = FakeAws(PutObject={"VersionId": "v"}, ReceiveMessage=[*probes, message("probe"), event])
    assert ingest(aws, "native")["upload-event"].outcome == outcome
    assert [line for line in aws.lines if ingesting.KEY in line and "PutObject" in line]


def test_sends_the_event_again_as_it_came() -> None:
    sent: list[dict[str, Any]] = []

    def invoked(request: dict[str, Any]) -> dict[str, Any]:
        sent.append(json.loads(request["Payload"]))
        return {"Payload": io.BytesIO(b"{}")}

    event = message(ingesting.KEY, etag="e")
    ingest(FakeAws(Invoke=invoked, ReceiveMessage=[message("probe"), event]))
    assert sent == [json.loads(event["Messages"][0]["Body"])]


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        ({"DescribeRecord": {"RecordDetail": {"Status": "FAILED"}}}, "not provisioned: FAILED"),
        ({"DescribeFeatureGroup": {"FeatureGroupStatus": "CreateFailed"}}, "feature group"),
        ({"ListPipelineExecutions": {"pipelineExecutionSummaries": [{"status": "Failed"}]}}, "build: Failed"),
        ({"ReceiveMessage": {}}, "before S3 sent events of the project's bucket"),
        ({"ReceiveMessage": message("probe")}, "before S3 sent the event of the uploaded file"),
        ({"ListPipelineExecutions": executions()}, "before the upload started an execution"),
        ({"ListPipelineExecutions": executions("Executing")}, "before the execution ended"),
    ],
)
def test_what_prevents_an_answer_leaves_the_features_undecided(answers: dict[str, Any], seen: str) -> None:
    verdict = ingest(FakeAws(**answers))["data-wrangler-features"]
    assert verdict.outcome == "undecided"
    assert seen in verdict.seen


def test_log_that_does_not_exist_leaves_the_other_reasons() -> None:
    aws = failing(service_error("ResourceNotFoundException", "no log group"))
    assert "exit code 1" in ingest(aws)["data-wrangler-features"].seen


def test_failed_event_must_reach_the_retry_queue_and_stay() -> None:
    def counted(number: str) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessagesNotVisible": number}}

    aws = FakeAws(GetQueueAttributes=[counted("0"), counted("0"), counted("1")])
    assert ingest(aws, "native")["failed-event"].outcome == "shown"
    [line] = [line for line in aws.lines if '"InvocationType": "Event"' in line]
    assert '"FunctionName": "sagemaker-p-smokeabc123n-start-pipeline"' in line
    deleted = ingest(FakeAws(GetQueueAttributes=[counted("1"), counted("0")]), "native")["failed-event"]
    assert deleted.outcome == "refuted"
    assert deleted.seen.endswith("-retry, and is gone")
    lost = ingest(FakeAws(GetQueueAttributes=counted("0")), "native")["failed-event"]
    assert lost.outcome == "undecided"
    assert "before the failed event was received from the queue sagemaker-p-smokeabc123n-retry" in lost.seen


def test_verdict_that_waits_in_vain_leaves_time_for_the_others() -> None:
    found = ingest(FakeAws(GetMetricData={"MetricDataResults": [{"Id": "m", "Values": []}]}), "native")
    outcomes = {name: found[name].outcome for name in ("function-metrics", "push", "failed-event")}
    assert outcomes == {"function-metrics": "undecided", "push": "shown", "failed-event": "shown"}


def test_metrics_of_the_function_must_appear() -> None:
    def counted(*values: float) -> dict[str, Any]:
        return {"MetricDataResults": [{"Id": "m", "Values": list(values)}]}

    aws = FakeAws(GetMetricData=[counted(), counted(1.0)])
    assert ingest(aws, "native")["function-metrics"].outcome == "shown"
    [line, *_] = [line for line in aws.lines if "GetMetricData" in line]
    assert '"Namespace": "SageMakerFeatureIngestion", "MetricName": "ExecutionsStarted"' in line
    lost = ingest(FakeAws(GetMetricData=counted()), "native")["function-metrics"]
    assert lost.outcome == "undecided"
    assert "before CloudWatch had ExecutionsStarted" in lost.seen


def builds(*statuses: str) -> dict[str, Any]:
    """The project's builds, newest first, in the answer to both services' ListPipelineExecutions."""
    found = executions("Succeeded")
    return {**found, "pipelineExecutionSummaries": [{"status": status} for status in statuses]}


@pytest.mark.parametrize(
    ("listed", "outcome"),
    [
        (builds("Succeeded", "Succeeded"), "shown"),
        (builds("Failed", "Succeeded"), "refuted"),
        (builds("Succeeded"), "undecided"),
        (builds("InProgress", "Succeeded"), "undecided"),
    ],
    ids=["built", "failed", "no second build", "still running"],
)
def test_push_must_be_built(listed: dict[str, Any], outcome: str) -> None:
    aws = FakeAws(ListPipelineExecutions=listed)
    assert ingest(aws, "native")["push"].outcome == outcome
    [line] = [line for line in aws.lines if line.startswith("codecommit:PutFile")]
    assert '"repositoryName": "sagemaker-p-smokeabc123n-pipeline", "branchName": "main"' in line


def test_push_behind_a_connection_is_left_to_the_user() -> None:
    aws = FakeAws()
    verdict = ingest(aws, "native", CodeConnectionArn="arn:c", CodeRepositoryId="t/r")["push"]
    assert (verdict.outcome, aws.operations("PutFile")) == ("undecided", [])
    assert "push to it yourself" in verdict.seen


def test_stops_executions_and_waits_before_the_pipeline_is_deleted() -> None:
    listed = [executions("Executing"), executions("Stopping"), executions("Stopped")]
    aws = FakeAws(ListPipelineExecutions=listed)
    ingesting.stop_executions(context(aws, "native"))
    called = aws.operations("ListPipelineExecutions", "StopPipelineExecution")
    assert called.count("StopPipelineExecution") == 1
    assert called[-1] == "ListPipelineExecutions"
    assert aws.now() > FakeAws().now()


def test_missing_pipeline_has_no_executions_to_stop() -> None:
    gone = service_error("ResourceNotFound", "Pipeline does not exist")
    ingesting.stop_executions(context(FakeAws(ListPipelineExecutions=gone), "native"))


def test_crashed_check_still_gives_all_verdicts() -> None:
    found, interrupted = run_one(CHECKS[0], context(FakeAws(StartPipelineExecution={}), "tokens"))
    assert set(outcomes(found).values()) == {"undecided"}
    assert "KeyError" in found[0].seen
    assert not interrupted
