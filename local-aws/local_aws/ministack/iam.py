"""Callers, keys and authorization, from ministack's IAM. Only this package uses its internals."""

from __future__ import annotations

import json
import secrets
from typing import Final

from local_aws.clients import Credentials
from local_aws.ministack.settings import ministack
from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Check, Identity
from local_aws.protocol.errors import AwsError, validation_error
from local_aws.protocol.http_request import HttpRequest
from local_aws.services.codecommit.http import GitUser

OWN_ACCOUNT: Final = "000000000000"
ROOT_KEY: Final = "test"
ROOT_SECRET: Final = "test"
SESSION_NAME: Final = "SageMaker"
"""The session name of jobs, steps and stores."""
_SAGEMAKER_PRINCIPAL: Final = "sagemaker.amazonaws.com"


class MinistackIam:
    """Callers, keys and authorization, for the request being handled."""

    def scope(self) -> Scope:
        """Account and region, which ministack reads from the request's signature."""
        responses = ministack("core.responses")
        return Scope(account=responses.get_account_id(), region=responses.get_region())

    def identity(self, request: HttpRequest) -> Identity:
        """The caller. Without authentication, an unknown or missing key means the account itself."""
        evaluator = ministack("core.iam_evaluator")
        known = evaluator.resolve_caller_identity(_access_key(request))
        account = self.scope().account
        if known is None:
            return Identity(arn=f"arn:aws:iam::{account}:root", principal_id=account)
        return Identity(arn=known["userArn"], principal_id=known["userId"] or account)

    def authorize(self, check: Check, request: HttpRequest) -> None:
        """Raise AccessDeniedException unless IAM allows it."""
        if not ministack("app").AUTH:
            return
        evaluator = ministack("core.iam_evaluator")
        denied = evaluator.enforce(
            _access_key(request),
            check.action,
            check.action.partition(":")[0],
            self.scope().region,
            resource_arn=check.resource,
            service_context=check.condition_keys,
        )
        if denied is None:
            return
        if isinstance(denied, evaluator.AuthError):
            raise _authentication_error(denied.code, denied.message)
        message: str = ministack("core.iam_actions").identity_denial_message(
            check.action, denied.principal_arn, check.resource, denied.decision == "Deny"
        )
        raise AwsError("AccessDeniedException", message)

    def authenticate_root(self, request: HttpRequest) -> None:
        """Check signatures made with the account's own key. ministack checks those of users and roles."""
        if not ministack("app").AUTH:
            return
        if "authorization" not in request.headers:
            raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
        evaluator, sigv4 = ministack("core.iam_evaluator"), ministack("core.sigv4")
        if not evaluator.is_root_access_key(_access_key(request)):
            return
        signature = sigv4.parse_header_signature(request.headers)
        failure = (
            signature
            if isinstance(signature, tuple)
            else sigv4.request_time_failure(signature)
            or sigv4.header_signature_failure(
                signature,
                ROOT_SECRET,
                request.method,
                request.path,
                request.query,
                request.headers,
                request.body,
            )
        )
        if failure is not None:
            raise _authentication_error(*failure)

    def account_key(self, account: str) -> Credentials:
        """The account's own key. ministack maps a numeric key to the account of that number."""
        return Credentials(ROOT_KEY if account == OWN_ACCOUNT else account, ROOT_SECRET, None)

    def role_key(self, role_arn: str, account: str) -> Credentials:
        """A key for a session of a role, or the account's own key while authentication is off."""
        if not ministack("app").AUTH:
            return self.account_key(account)
        role = role_arn.rpartition("/")[2]
        owner = role_arn.split(":")[4] if role_arn.count(":") >= 5 else account
        key = Credentials(f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(32))
        session = {
            "Arn": f"arn:aws:sts::{owner}:assumed-role/{role}/{SESSION_NAME}",
            "UserId": f"{role}:{SESSION_NAME}",
            "SecretAccessKey": key.secret_key,
            "SessionToken": key.session_token,
        }
        ministack("services.sts").register_session(key.access_key, session)
        return key

    def authentication_is_on(self) -> bool:
        """Whether authentication is on."""
        return bool(ministack("app").AUTH)

    def access_key(self, headers: dict[str, str], query: dict[str, list[str]]) -> str:
        """The access key that signed a request."""
        return str(ministack("core.router").extract_access_key_id(headers, query))

    def role_access_key(self, role_arn: str) -> str:
        """A key for a session of a role, for calls within the server."""
        return self.role_key(role_arn, self.scope().account).access_key

    def key_denial(self, access_key: str, check: Check) -> str | None:
        """Returns the reason of a denial, or None if the key's owner is allowed or authentication is off."""
        if not self.authentication_is_on():
            return None
        evaluator = ministack("core.iam_evaluator")
        principal = evaluator.resolve_principal(access_key, self.scope().account)
        if isinstance(principal, evaluator.AuthError):
            return str(principal.message)
        if principal.policies is None:
            return None
        context = {name.lower(): value for name, value in check.condition_keys.items()}
        context.setdefault("aws:tagkeys", None)
        if check.action.startswith("s3:GetObject"):
            bucket, _, key = check.resource.removeprefix("arn:aws:s3:::").partition("/")
            tags = ministack("services.s3").object_tags_for_condition(bucket, key, {})
            context |= {f"s3:existingobjecttag/{name}".lower(): value for name, value in tags.items()}
        request = evaluator.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=check.action,
            resource_arn=check.resource,
            region=self.scope().region,
            service_context=context,
            principal_keys=principal.keys,
        )
        decision = evaluator.evaluate(request, principal.policies, *principal.limits).decision
        if decision == "Allow":
            return None
        denial: str = ministack("core.iam_actions").identity_denial_message(
            check.action, principal.arn, check.resource, decision == "Deny"
        )
        return denial

    def trusts(self, role_arn: str, service: str) -> bool:
        """Whether a role exists and a service may assume it. Always true while authentication is off."""
        if not self.authentication_is_on():
            return True
        role = ministack("services.iam")._roles.get(role_arn.rpartition("/")[2])
        if role is None or role["Arn"] != role_arn:
            return False
        evaluator = ministack("core.iam_evaluator")
        account = self.scope().account
        request = evaluator.EvalContext(
            principal_arn=service,
            principal_type="Service",
            principal_account=account,
            action="sts:AssumeRole",
            resource_arn="*",
            region=self.scope().region,
            service_context={"aws:sourceaccount": account},
        )
        trust = json.loads(role["AssumeRolePolicyDocument"])
        statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
        # A trust policy names no resource, because it belongs to the role.
        policy = {**trust, "Statement": [{**statement, "Resource": "*"} for statement in statements]}
        decision = evaluator.evaluate_resource_policy(json.dumps(policy), request, service=service)
        return bool(decision.decision == "Allow")

    def role_denial(self, role_arn: str, service: str, check: Check) -> str | None:
        """Returns the reason of a denial for a role that a service assumes, or None if it is allowed."""
        if not self.trusts(role_arn, service):
            return f"{service} is not authorized to assume the role {role_arn}"
        return self.key_denial(self.role_access_key(role_arn), check)

    def git_user(self, access_key: str | None, token: str | None) -> tuple[GitUser, str] | None:
        """Returns the Git user of a key, and the key's secret. Without a key, the account."""
        account, region = OWN_ACCOUNT, ministack("core.responses").get_region()
        scope = Scope(account=account, region=region)
        evaluator = ministack("core.iam_evaluator")
        if access_key is None or evaluator.is_root_access_key(access_key):
            return GitUser(scope, f"arn:aws:iam::{account}:root", lambda _: True), ROOT_SECRET
        known = evaluator.resolve_credential(access_key, account)
        if isinstance(known, evaluator.CredentialResolutionError):
            return None
        session = ministack("services.sts")._sessions.get(access_key) or {}
        if session and session.get("SessionToken") != token:
            return None
        user = GitUser(scope, known.principal_arn, lambda check: self.key_denial(access_key, check) is None)
        return user, str(known.secret_access_key)

    def check_assumable(self, role_arn: str) -> None:
        """Raise a ValidationException for a role that does not exist or does not trust SageMaker."""
        if not self.trusts(role_arn, _SAGEMAKER_PRINCIPAL):
            raise validation_error(
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
                "'sagemaker.amazonaws.com' to assume the role."
            )


def _authentication_error(code: str, message: str) -> AwsError:
    """Returns the error of a failed authentication, with its code in the JSON protocol."""
    codes = ministack("core.iam_actions")._AUTH_FAILURES
    return AwsError(str(codes[code][2]) if code in codes else code, message)


def _access_key(request: HttpRequest) -> str:
    return str(ministack("core.router").extract_access_key_id(request.headers, request.query))
