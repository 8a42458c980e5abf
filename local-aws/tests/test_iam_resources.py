"""Tests that requests are authorized on the right resource."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws

ALARM = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:mine"


RULES = "arn:aws:events:us-east-1:000000000000:rule"


def client(server: LocalAws, service: str, action: str, resource: str) -> Any:
    """A client of a user with one permission."""
    iam = server.client("iam")
    iam.create_user(UserName="user")
    grant = {"Effect": "Allow", "Action": action, "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="user")["AccessKey"]
    return server.client(
        service, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )


@pytest.mark.parametrize(
    ("resource", "bus"),
    [(f"{RULES}/mine", {}), (f"{RULES}/team/mine", {"EventBusName": "team"})],
    ids=["default bus", "another bus"],
)
def test_permission_on_rule_allows_changing_it_only(
    auth_server: LocalAws, resource: str, bus: dict[str, str]
) -> None:
    events = auth_server.client("events")
    if bus:
        events.create_event_bus(Name=bus["EventBusName"])
    mine = client(auth_server, "events", "events:*", resource)
    mine.put_rule(Name="mine", EventPattern='{"source": ["aws.s3"]}', **bus)
    queue = "arn:aws:sqs:us-east-1:000000000000:queue"
    mine.put_targets(Rule="mine", Targets=[{"Id": "queue", "Arn": queue}], **bus)
    mine.remove_targets(Rule="mine", Ids=["queue"], **bus)
    mine.delete_rule(Name="mine", **bus)
    with pytest.raises(ClientError, match="not authorized to perform: events:PutRule"):
        mine.put_rule(Name="other", EventPattern='{"source": ["aws.s3"]}', **bus)
    with pytest.raises(ClientError, match="not authorized to perform: events:PutTargets"):
        mine.put_targets(Rule="other", Targets=[{"Id": "queue", "Arn": queue}], **bus)


def test_permission_on_alarm_allows_deleting_it_only(auth_server: LocalAws) -> None:
    mine = client(auth_server, "cloudwatch", "cloudwatch:DeleteAlarms", ALARM)
    mine.delete_alarms(AlarmNames=["mine"])
    for names in (["other"], ["mine", "other"]):
        with pytest.raises(ClientError, match="not authorized to perform: cloudwatch:DeleteAlarms"):
            mine.delete_alarms(AlarmNames=names)
