"""Tests CodeCommit: repositories over HTTP, and the events of branches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from plumbing import create_queue, receive
from provisioning import commit_and_push, create_stack, failures, run_git, zipped


def listen(server: LocalAws) -> str:
    """A queue that receives the events of branches."""
    url, arn = create_queue(server, "events")
    events = server.client("events")
    pattern = {"source": ["aws.codecommit"], "detail-type": ["CodeCommit Repository State Change"]}
    events.put_rule(Name="pushes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="pushes", Targets=[{"Id": "1", "Arn": arn}])
    return url


def repository_stack(server: LocalAws, code: Any = None, **properties: Any) -> str:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="seed.zip", Body=zipped({"a.txt": "seed\n", "d/b.txt": "b\n"}))
    given = {
        "RepositoryName": "project",
        "Code": code or {"S3": {"Bucket": "code", "Key": "seed.zip"}},
        **properties,
    }
    repository = {"Type": "AWS::CodeCommit::Repository", "Properties": given}
    return create_stack(
        server,
        {"Repository": repository},
        Outputs={"Url": {"Value": {"Fn::GetAtt": ["Repository", "CloneUrlHttp"]}}},
    )


def test_seed_code_is_first_commit_and_can_be_cloned(server: LocalAws, tmp_path: Path) -> None:
    assert repository_stack(server) == "CREATE_COMPLETE"
    client = server.client("codecommit")
    metadata = client.get_repository(repositoryName="project")["repositoryMetadata"]
    assert metadata["defaultBranch"] == "main"
    [stack] = server.client("cloudformation").describe_stacks(StackName="stack")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == metadata["cloneUrlHttp"]
    assert run_git(tmp_path, "clone", "--quiet", metadata["cloneUrlHttp"], "work").returncode == 0
    assert (tmp_path / "work/d/b.txt").read_text() == "b\n"
    branch = client.get_branch(repositoryName="project", branchName="main")["branch"]
    commit = client.get_commit(repositoryName="project", commitId=branch["commitId"])["commit"]
    assert (commit["message"], commit["parents"]) == ("Initial commit", [])


def test_push_event_has_both_commits(server: LocalAws, tmp_path: Path) -> None:
    client = server.client("codecommit")
    arn = client.create_repository(repositoryName="project")["repositoryMetadata"]["Arn"]
    queue = listen(server)
    first = commit_and_push(server, tmp_path, "project", {"a.txt": "1"})
    second = commit_and_push(server, tmp_path, "project", {"a.txt": "2"})
    events = [json.loads(message["Body"]) for message in receive(server, queue, 2)]
    details = sorted((event["detail"] for event in events), key=lambda detail: detail["event"])
    assert [event["resources"] for event in events] == [[arn], [arn]]
    assert [detail["event"] for detail in details] == ["referenceCreated", "referenceUpdated"]
    assert (details[0]["commitId"], details[0]["referenceName"]) == (first, "main")
    assert (details[1]["commitId"], details[1]["oldCommitId"]) == (second, first)
    assert client.get_branch(repositoryName="project", branchName="main")["branch"]["commitId"] == second


def test_put_file_commits_like_a_push(server: LocalAws, tmp_path: Path) -> None:
    assert repository_stack(server) == "CREATE_COMPLETE"
    client = server.client("codecommit")
    queue = listen(server)
    seed = client.get_branch(repositoryName="project", branchName="main")["branch"]["commitId"]
    file = {"repositoryName": "project", "branchName": "main", "filePath": "d/ü.txt", "fileContent": b"new\n"}
    put = client.put_file(parentCommitId=seed, commitMessage="Add a file", **file)
    [event] = [json.loads(message["Body"]) for message in receive(server, queue, 1)]
    assert (event["detail"]["commitId"], event["detail"]["oldCommitId"]) == (put["commitId"], seed)
    commit = client.get_commit(repositoryName="project", commitId=put["commitId"])["commit"]
    assert (commit["message"], commit["parents"]) == ("Add a file", [seed])
    assert commit["treeId"] == put["treeId"]
    url = client.get_repository(repositoryName="project")["repositoryMetadata"]["cloneUrlHttp"]
    assert run_git(tmp_path, "clone", "--quiet", url, "work").returncode == 0
    assert (tmp_path / "work/d/ü.txt").read_text() == "new\n"
    assert (tmp_path / "work/a.txt").read_text() == "seed\n"
    with pytest.raises(client.exceptions.ParentCommitIdOutdatedException):
        client.put_file(parentCommitId=seed, **file)
    with pytest.raises(client.exceptions.BranchDoesNotExistException):
        client.put_file(parentCommitId=seed, **{**file, "branchName": "other"})


def test_refused_push_emits_no_event(server: LocalAws, tmp_path: Path) -> None:
    server.client("codecommit").create_repository(repositoryName="project")
    queue = listen(server)
    before = commit_and_push(server, tmp_path, "project", {"a.txt": "1"})
    work = tmp_path / "work"
    run_git(work, "commit", "--quiet", "--amend", "--message", "Another")
    assert run_git(work, "push", "--quiet", "origin", "main").returncode != 0
    branch = server.client("codecommit").get_branch(repositoryName="project", branchName="main")["branch"]
    assert branch["commitId"] == before
    run_git(work, "reset", "--quiet", "--hard", before)
    after = commit_and_push(server, tmp_path, "project", {"a.txt": "2"})
    events = [json.loads(message["Body"]) for message in receive(server, queue, 2)]
    assert {event["detail"]["commitId"] for event in events} == {before, after}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ({"S3": {"Bucket": "code", "Key": "missing.zip"}}, "s3://code/missing.zip does not exist"),
        ({"BranchName": "a..b", "S3": {"Bucket": "code", "Key": "seed.zip"}}, "a..b"),
    ],
)
def test_bad_seed_code_fails_stack_and_leaves_nothing(
    server: LocalAws, code: dict[str, Any], expected: str
) -> None:
    assert repository_stack(server, code) == "ROLLBACK_COMPLETE"
    assert expected in failures(server)
    assert server.client("codecommit").list_repositories()["repositories"] == []


def test_refuses_archive_with_path_outside_folder(server: LocalAws) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="evil")
    s3.put_object(Bucket="evil", Key="up.zip", Body=zipped({"../up.txt": "x"}))
    assert repository_stack(server, {"S3": {"Bucket": "evil", "Key": "up.zip"}}) == "ROLLBACK_COMPLETE"
    assert "the archive contains the unsafe path ../up.txt" in failures(server)


@pytest.mark.parametrize("name", ["a/b", "a.git", "x" * 101])
def test_refuses_invalid_names(server: LocalAws, name: str) -> None:
    with pytest.raises(ClientError):
        server.client("codecommit").create_repository(repositoryName=name)


def test_unknown_repository_is_not_found(server: LocalAws, tmp_path: Path) -> None:
    client = server.client("codecommit")
    with pytest.raises(client.exceptions.RepositoryDoesNotExistException):
        client.get_repository(repositoryName="missing")
    cloned = run_git(tmp_path, "clone", f"{server.endpoint}/v1/repos/missing", "work")
    assert "not found" in cloned.stderr


def test_git_requires_signature_with_authentication(auth_server: LocalAws, tmp_path: Path) -> None:
    made = auth_server.client("codecommit").create_repository(repositoryName="project")["repositoryMetadata"]
    cloned = run_git(tmp_path, "clone", made["cloneUrlHttp"], "work")
    assert cloned.returncode != 0
    assert "could not read Username" in cloned.stderr
    forged = made["cloneUrlHttp"].replace("http://", "http://test:20260101T000000Zabc@")
    assert "Authentication failed" in run_git(tmp_path, "clone", forged, "work").stderr


def test_reset_removes_repositories(server: LocalAws) -> None:
    server.client("codecommit").create_repository(repositoryName="project")
    server.reset()
    assert server.client("codecommit").list_repositories()["repositories"] == []
