"""Tests that requests are authorized on the right resource."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws

ALARM = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:mine"


def test_permission_on_alarm_allows_deleting_it_only(auth_server: LocalAws) -> None:
    iam = auth_server.client("iam")
    iam.create_user(UserName="user")
    grant = {"Effect": "Allow", "Action": "cloudwatch:DeleteAlarms", "Resource": ALARM}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="user")["AccessKey"]
    mine = auth_server.client(
        "cloudwatch", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    mine.delete_alarms(AlarmNames=["mine"])
    for names in (["other"], ["mine", "other"]):
        with pytest.raises(ClientError, match="not authorized to perform: cloudwatch:DeleteAlarms"):
            mine.delete_alarms(AlarmNames=names)
