"""Git over HTTP: ``git http-backend`` behind this server's port, for clone, fetch and push.

With authentication, git must sign as AWS's credential helper does (``aws codecommit credential-helper
--ignore-host-check``, because the host is not AWS's). The user name is the access key, with the session token
after a ``%``. The password is a time and a signature of the path.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check
from local_aws.protocol.errors import AwsError
from local_aws.protocol.http_request import Answer
from local_aws.services.codecommit import git
from local_aws.services.codecommit.repositories import PATH, Repositories, Repository

MAX_AGE_SECONDS: Final = 900
_PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class GitUser:
    """A user of git."""

    scope: Scope
    arn: str
    allowed: Callable[[Check], bool]


class GitHost(Protocol):
    """Authenticates git's users."""

    def authentication_is_on(self) -> bool:
        """Whether authentication is on."""

    def git_user(self, access_key: str | None, token: str | None) -> tuple[GitUser, str] | None:
        """Returns the user of an access key and its secret, or None. Without a key, the account."""


class GitOverHttp:
    """Answers requests under ``/v1/repos/``."""

    def __init__(self, repositories: Repositories, host: GitHost, lock: threading.RLock) -> None:
        self._repositories = repositories
        self._host = host
        self._lock = lock
        self._pushes: dict[str, asyncio.Lock] = {}

    async def handle(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> Answer:
        """Answer a request of git."""
        user = self._user(path, headers)
        if user is None:
            return (
                401,
                {**_PLAIN, "WWW-Authenticate": 'Basic realm="CodeCommit"'},
                b"Authentication is required.\n",
            )
        name, _, rest = path.removeprefix(PATH).partition("/")
        try:
            repository = self._repositories.find(user.scope, name.removesuffix(".git"))
        except AwsError as error:
            return 404, _PLAIN, f"{error.message}\n".encode()
        pushing = "git-receive-pack" in (rest, *query.split("="))
        action = "codecommit:GitPush" if pushing else "codecommit:GitPull"
        if not user.allowed(Check(action, repository.arn, {})):
            return 403, _PLAIN, f"{user.arn} is not authorized to perform: {action}\n".encode()
        request = _Request(method, f"/{rest}", query, headers, body)
        if rest != "git-receive-pack":
            return await _backend(repository, request)
        async with self._pushes.setdefault(repository.id, asyncio.Lock()):
            before = await asyncio.to_thread(git.branches, repository.folder)
            answer = await _backend(repository, request)
            await asyncio.to_thread(self._repositories.pushed, repository, before, user.arn, time.time())
        return answer

    def _user(self, path: str, headers: dict[str, str]) -> GitUser | None:
        if not self._host.authentication_is_on():
            found = self._host.git_user(None, None)
            return found[0] if found else None
        kind, _, encoded = headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return None
        access_key, _, token = name.partition("%")
        found = self._host.git_user(access_key, token or None)
        if kind.lower() != "basic" or found is None:
            return None
        user, secret = found
        repository_path = "/".join(path.split("/")[:4])
        good = _is_signed(password, secret, user.scope.region, headers.get("host", ""), repository_path)
        return user if good else None


def _is_signed(password: str, secret: str, region: str, host: str, path: str) -> bool:
    """Whether a password is the time and the signature that AWS's credential helper makes."""
    stamp, _, signature = password.partition("Z")
    try:
        made = datetime.strptime(stamp, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    if abs(time.time() - made.timestamp()) > MAX_AGE_SECONDS:
        return False
    # The helper signs the host without its port.
    canonical = f"GIT\n{path}\n\nhost:{host.partition(':')[0]}\n\nhost\n"
    credential_scope = f"{stamp[:8]}/{region}/codecommit/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{credential_scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (stamp[:8], region, "codecommit", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(signature, hmac.new(key, text.encode(), hashlib.sha256).hexdigest())


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


async def _backend(repository: Repository, request: _Request) -> Answer:
    """Run git's own CGI program on a repository."""
    variables = {
        **git.environment(),
        "GIT_PROJECT_ROOT": str(repository.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": request.path,
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": "local-aws",
    }
    for header, variable in (("content-encoding", "HTTP_CONTENT_ENCODING"), ("git-protocol", "GIT_PROTOCOL")):
        if header in request.headers:
            variables[variable] = request.headers[header]
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env=variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate(request.body)
    head, _, content = output.partition(b"\r\n\r\n")
    headers: dict[str, str] = {}
    status = 200
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        elif name:
            headers[name] = value.strip()
    return (status if head else 500), headers, content
