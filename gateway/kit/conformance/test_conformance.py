"""Runs the suite: one test a check. It takes no fixture, so there is none to override."""

import asyncio

import pytest

from gateway.federation.checking import Check
from gateway.kit.conformance.bench import Bench
from gateway.kit.conformance.plugin import bench_of, record
from gateway.kit.conformance.suite import CHECKS, Result, run


@pytest.mark.parametrize("each", CHECKS, ids=[each.name for each in CHECKS])
def test_the_provider_keeps_to(each: Check[Bench], request: pytest.FixtureRequest) -> None:
    """Each check's own words say what to."""
    found = asyncio.run(run(each, bench_of(request.config)))
    record(request.node, each.name, found)
    match found.result:
        case Result.LACKING:
            pytest.skip(f"LACKING: {found.detail}")
        case Result.DEVIATES:
            pytest.xfail(found.detail)
        case Result.FAILED:
            lines = f"{each.name}: {found.detail}\npromised: {each.promise}\nto mend it: {each.mend}"
            if found.error is not None:
                raise AssertionError(lines) from found.error
            pytest.fail(lines, pytrace=False)
        case Result.PASSED:
            return
