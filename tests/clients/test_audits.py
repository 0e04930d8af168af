"""The audits of graphql-http: all that the GraphQL over HTTP specification asks, be it by MUST, SHOULD or MAY."""

from collections.abc import Callable

import pytest

from tests.clients.conftest import Outcomes

pytestmark = pytest.mark.timeout(300)
IDS = """
22EB 4655 47DE 80D8 82A3 BF61 78D5 2C94 5A70 9C48 9ABE 03D4 A5BF 423L LKJ0 LKJ1 LKJ2 LKJ3 34A2 13EE 6C00 6C01 6C02
6C03 8161 B8B3 94B0 0220 94B1 0221 94B2 0222 4760 4761 4762 4763 2EA1 28B9 D6D5 6A70 58B0 58B1 58B2 58B3 428F 1B7A
B6DC BCF8 B7N8 8764 3E3A 572B FDE2 7B9B 865D 556A D586 51FE 74FF 5E5B 86EE
"""
AUDITS = IDS.split()


@pytest.mark.requirement("N3")
@pytest.mark.parametrize("audit", AUDITS)
def test_the_audit_passes(audit: str, outcomes: Callable[[str], Outcomes]) -> None:
    error = outcomes("audits")[audit]

    assert error is None, error


def test_there_is_no_audit_but_these_61(outcomes: Callable[[str], Outcomes]) -> None:
    assert len(AUDITS) == 61
    assert sorted(outcomes("audits")) == sorted(AUDITS)
