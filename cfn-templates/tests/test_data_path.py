"""An upload's path: each resource passes the upload to the next."""

import pytest

from configurations import DATA_BUCKET, PRODUCT, PRODUCT_PARAMETERS
from resolve import Resource, Stack, Template

TEMPLATE = Template.load(PRODUCT)
WAYS: dict[str, dict[str, str]] = {"created": {}, "given": {"DataBucketName": DATA_BUCKET}}
HOURS = 3600


@pytest.fixture(params=list(WAYS.values()), ids=list(WAYS))
def stack(request: pytest.FixtureRequest) -> Stack:
    """Resolve the product with a created or an existing bucket."""
    return TEMPLATE.resolve({**PRODUCT_PARAMETERS, **request.param})


def only(stack: Stack, resource_type: str, **properties: str) -> Resource:
    """Return the only resource of a type with these properties."""
    [found] = [
        resource
        for resource in stack.of_type(resource_type)
        if all(resource.properties.get(name) == value for name, value in properties.items())
    ]
    return found


def queue_policy(stack: Stack, queue: str) -> list[dict[str, object]]:
    """Return the statements of a queue's policy."""
    [policy] = [
        each
        for each in stack.of_type("AWS::SQS::QueuePolicy")
        if each.properties["Queues"] == [stack.reference(queue)]
    ]
    statements: list[dict[str, object]] = policy.properties["PolicyDocument"]["Statement"]
    return statements


def test_created_bucket_sends_events_to_eventbridge() -> None:
    bucket = TEMPLATE.resolve(PRODUCT_PARAMETERS).resources["DataBucket"].properties
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert "DataBucket" not in TEMPLATE.resolve({**PRODUCT_PARAMETERS, **WAYS["given"]}).resources


def test_rule_targets_the_function(stack: Stack) -> None:
    rule = stack.resources["UploadRule"].properties
    assert rule["State"] == "ENABLED"
    [target] = rule["Targets"]
    assert target["Arn"] == stack.arn("StartPipeline")
    # A role would replace the function's policy, and an input would replace the event.
    assert set(target) == {"Id", "Arn", "RetryPolicy", "DeadLetterConfig"}


def test_only_the_rule_may_invoke_the_function(stack: Stack) -> None:
    [permission] = stack.of_type("AWS::Lambda::Permission")
    assert permission.properties == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": stack.physical_name("StartPipeline"),
        "Principal": "events.amazonaws.com",
        "SourceArn": stack.arn("UploadRule"),
    }


def test_undelivered_events_go_to_the_retry_queue(stack: Stack) -> None:
    [target] = stack.resources["UploadRule"].properties["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": stack.arn("RetryQueue")}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 24 * HOURS}


def test_failed_events_go_to_the_retry_queue_at_once(stack: Stack) -> None:
    invocations = only(stack, "AWS::Lambda::EventInvokeConfig").properties
    assert invocations["FunctionName"] == stack.physical_name("StartPipeline")
    assert invocations["Qualifier"] == "$LATEST"
    assert invocations["MaximumRetryAttempts"] == 0
    assert invocations["DestinationConfig"] == {"OnFailure": {"Destination": stack.arn("RetryQueue")}}
    # Lambda's maximum age of asynchronous events.
    assert invocations["MaximumEventAgeInSeconds"] == 6 * HOURS


def test_only_the_rule_may_send_to_the_retry_queue(stack: Stack) -> None:
    [send] = [each for each in queue_policy(stack, "RetryQueue") if each["Effect"] == "Allow"]
    assert send["Action"] == "sqs:SendMessage"
    assert send["Principal"] == {"Service": "events.amazonaws.com"}
    assert send["Resource"] == stack.arn("RetryQueue")
    assert send["Condition"] == {"ArnEquals": {"aws:SourceArn": stack.arn("UploadRule")}}
    assert [each for each in queue_policy(stack, "DeadLetterQueue") if each["Effect"] == "Allow"] == []


def test_second_function_reads_the_retry_queue(stack: Stack) -> None:
    [mapping] = stack.of_type("AWS::Lambda::EventSourceMapping")
    assert mapping.properties["EventSourceArn"] == stack.arn("RetryQueue")
    assert mapping.properties["FunctionName"] == stack.physical_name("StartPipelineRetry")
    assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping.properties["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping.properties.get("Enabled", True) is True
    # Larger batches need a batching window.
    assert mapping.properties["BatchSize"] <= 10
    # Only the function that does not read the queue sends to it, so there is no loop.
    assert len(stack.of_type("AWS::Lambda::EventInvokeConfig")) == 1


def test_functions_differ_only_in_their_names(stack: Stack) -> None:
    first, retry = (
        dict(stack.resources[name].properties) for name in ("StartPipeline", "StartPipelineRetry")
    )
    for each in (first, retry):
        for own in ("FunctionName", "Description", "LoggingConfig"):
            del each[own]
    assert first == retry
    assert first["Environment"]["Variables"] == {"SM_PIPELINE_NAME": stack.outputs["PipelineName"]}


def test_messages_become_dead_letters_after_a_hundred_failures(stack: Stack) -> None:
    redrive = stack.resources["RetryQueue"].properties["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": stack.arn("DeadLetterQueue"), "maxReceiveCount": 100}
    allowed = stack.resources["DeadLetterQueue"].properties["RedriveAllowPolicy"]
    assert allowed == {"redrivePermission": "byQueue", "sourceQueueArns": [stack.arn("RetryQueue")]}


def test_dead_letters_raise_an_alarm(stack: Stack) -> None:
    alarm = stack.resources["DeadLettersAlarm"].properties
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": stack.physical_name("DeadLetterQueue")}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@pytest.mark.parametrize("bound", ["MinValue", "Default", "MaxValue"])
def test_messages_outlive_all_their_retries(bound: str) -> None:
    delay = int(TEMPLATE.parameters["RetryDelaySeconds"][bound])
    stack = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "RetryDelaySeconds": str(delay)})
    retry, dead = (stack.resources[name].properties for name in ("RetryQueue", "DeadLetterQueue"))
    visibility = int(retry["VisibilityTimeout"])
    assert visibility == delay
    # The time of EventBridge's own retries does not count: the message's age begins in the queue.
    tries = visibility * retry["RedrivePolicy"]["maxReceiveCount"]
    assert tries < retry["MessageRetentionPeriod"]
    # A dead letter's age counts from its first enqueuing, so at least three days remain for operators.
    assert dead["MessageRetentionPeriod"] - tries >= 72 * HOURS
    assert dead["MessageRetentionPeriod"] >= retry["MessageRetentionPeriod"]
    # Otherwise Lambda rejects the mapping.
    assert visibility >= stack.resources["StartPipelineRetry"].properties["Timeout"]
    # SQS's maximum.
    assert visibility <= 12 * HOURS


@pytest.mark.parametrize("delay", ["29", "7201", "0", "-1", "x", ""])
def test_rejects_delays_out_of_range(delay: str) -> None:
    assert TEMPLATE.refusals({**PRODUCT_PARAMETERS, "RetryDelaySeconds": delay})


def test_a_push_starts_a_build() -> None:
    stack = TEMPLATE.resolve(PRODUCT_PARAMETERS)
    rule = stack.resources["PushRule"].properties
    repository = stack.arn("Repository")
    assert rule["EventPattern"]["source"] == ["aws.codecommit"]
    assert rule["EventPattern"]["resources"] == [repository]
    assert rule["EventPattern"]["detail"]["referenceName"] == ["main"]
    [target] = rule["Targets"]
    assert target["Arn"] == stack.arn("BuildPipeline")
    assert target["RoleArn"].endswith(
        ":role/service-role/AmazonSageMakerServiceCatalogProductsFs-Events-eu-west-1"
    )
    source, build = (stage["Actions"][0] for stage in stack.resources["BuildPipeline"].properties["Stages"])
    assert source["Configuration"]["RepositoryName"] == stack.physical_name("Repository")
    assert source["Configuration"]["PollForSourceChanges"] == "false"
    assert source["OutputArtifacts"] == build["InputArtifacts"]
    assert build["Configuration"] == {"ProjectName": stack.physical_name("Build")}


def test_connection_replaces_the_repository_and_its_trigger() -> None:
    arn = "arn:aws:codeconnections:eu-west-1:111122223333:connection/aaaabbbb-0000-4000-8000-ccccddddeeee"
    chosen = {"CodeConnectionArn": arn, "CodeRepositoryId": "my-team/ingestion", "CodeBranch": "release/1"}
    stack = TEMPLATE.resolve({**PRODUCT_PARAMETERS, **chosen})
    assert {"Repository", "PushRule"} & set(stack.resources) == set()
    [source] = stack.resources["BuildPipeline"].properties["Stages"][0]["Actions"]
    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"] == {
        "ConnectionArn": arn,
        "FullRepositoryId": "my-team/ingestion",
        "BranchName": "release/1",
        "DetectChanges": "true",
    }
