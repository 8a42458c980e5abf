"""Decides requests with two independent policy simulators. They must agree."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ministack.core import iam_evaluator

from permissions import grants, node
from permissions.requests import Request

ACCOUNT = "111122223333"
Policy = Mapping[str, Any]


class DisagreementError(Exception):
    """The simulators disagree."""


class Judge:
    """Decides requests under sets of identity policies."""

    def allowed(self, policies: Sequence[Policy], requests: Iterable[Request]) -> list[bool]:
        """Return for each request whether these policies together allow it."""
        return self.decide([(policies, request) for request in requests])

    def decide(self, questions: Iterable[tuple[Sequence[Policy], Request]]) -> list[bool]:
        """Return for each request whether its own policies allow it."""
        questions = list(questions)
        one, other = _simulated(questions), evaluated(questions)
        for (_, request), first, second in zip(questions, one, other, strict=True):
            if first != second:
                raise DisagreementError(f"iam-simulate says {first}, ministack says {second}: {request}")
        return one


def _simulated(questions: Sequence[tuple[Sequence[Policy], Request]]) -> list[bool]:
    """Decide with iam-simulate, which also validates policies, resources and condition keys."""
    policies: dict[str, int] = {}
    sets: dict[tuple[int, ...], int] = {}
    requests = []
    texts: dict[tuple[int, str], str] = {}
    for documents, request in questions:
        service = request.action.partition(":")[0]
        for document in documents:
            if (id(document), service) not in texts:
                texts[id(document), service] = json.dumps(_of_service(document, service))
        indices = tuple(policies.setdefault(texts[id(each), service], len(policies)) for each in documents)
        number = sets.setdefault(indices, len(sets))
        # Every request has the account that owns the resource.
        context = {"aws:ResourceAccount": ACCOUNT, **dict(request.context)}
        requests.append([number, request.action, request.resource, context])
    documents_of = [json.loads(text) for text in policies]
    answers: list[bool] = node.ask(
        {"account": ACCOUNT, "policies": documents_of, "sets": list(map(list, sets)), "requests": requests}
    )
    return answers


def _of_service(document: Policy, service: str) -> Policy:
    """Keep the statements on a service's actions, to save the simulator time."""
    kept = [
        statement
        for statement in document["Statement"]
        if any(
            action.lower().startswith((f"{service.lower()}:", "*"))
            for action in grants.listed(statement.get("Action", "*"))
        )
    ]
    # A policy must have a statement.
    nothing = {"Effect": "Allow", "Action": f"{service}:None", "Resource": "arn:aws:none:::none"}
    return {**document, "Statement": kept or [nothing]}


def evaluated(questions: Iterable[tuple[Sequence[Policy], Request]]) -> Iterator[bool]:
    """Decide lazily with ministack's evaluator, which knows only the policies."""
    parsed: dict[int, list[Any]] = {}
    for documents, request in questions:
        for document in documents:
            if id(document) not in parsed:
                parsed[id(document)] = iam_evaluator.parse_policy_document(dict(document))
        context = {key.lower(): list(v) if isinstance(v, tuple) else v for key, v in request.context}
        eval_context = iam_evaluator.EvalContext(
            principal_arn=f"arn:aws:iam::{ACCOUNT}:role/asking",
            principal_type="AssumedRole",
            # If the resource's ARN has no account, the evaluator assumes the principal's.
            principal_account=context.get("aws:resourceaccount", ACCOUNT),
            action=request.action,
            resource_arn=request.resource,
            region="eu-west-1",
            service_context=context,
        )
        answer = iam_evaluator.evaluate(eval_context, [parsed[id(document)] for document in documents])
        yield answer.decision == "Allow"
