"""Asks a provider, by questions that change nothing, whether it keeps the contract."""

import asyncio
from collections.abc import AsyncIterator

from gateway.contract.provider import CAPABILITIES, Provider
from gateway.domain.errors import ProviderError
from gateway.domain.registrations import CheckOutcome, CheckResult
from gateway.federation import catalog_checks, record_checks
from gateway.federation.checking import Check, Lacking, Subject, Unkept

LIMIT_S = 50.0
"""For all checks of a provider together."""

READS: tuple[Check[Subject], ...] = (
    catalog_checks.paging,
    catalog_checks.prices,
    catalog_checks.ids,
    catalog_checks.dates,
    catalog_checks.stable_refs,
    catalog_checks.unknown_ref,
    catalog_checks.qualification_order,
    record_checks.unknown_key,
    record_checks.unknown_order,
    record_checks.nobodys_products,
    record_checks.unknown_product,
    record_checks.nobodys_bills,
    record_checks.mark,
)
"""The checks that change nothing, in the order of the capabilities; the conformance suite has them, too."""


async def check_reads(provider: Provider) -> AsyncIterator[CheckOutcome]:
    """One outcome after the other, as they come: of each check, or of the capability that is lacking. Raises nothing.

    `detail` says how much was found, or the error's code, or what of the contract was broken; never what a provider
    wrote. All together take less than a minute: what is not done by then has failed.
    """
    subject, until = Subject(provider), asyncio.get_running_loop().time() + LIMIT_S
    for capability in CAPABILITIES:
        if capability not in provider.capabilities:
            yield CheckOutcome(capability, CheckResult.LACKING)
            continue
        for each in (each for each in READS if each.needs == (capability,)):
            yield await _outcome(each, subject, until)


async def _outcome(each: Check[Subject], subject: Subject, until: float) -> CheckOutcome:
    try:
        async with asyncio.timeout_at(until):
            return CheckOutcome(each.name, CheckResult.PASSED, await each.ask(subject))
    except Lacking:
        return CheckOutcome(each.name, CheckResult.LACKING)
    except Unkept as broken:
        return CheckOutcome(each.name, CheckResult.FAILED, broken.detail)
    except ProviderError as error:
        return CheckOutcome(each.name, CheckResult.FAILED, error.finding or error.code)
    except TimeoutError:
        return CheckOutcome(each.name, CheckResult.FAILED, f"all checks together took more than {LIMIT_S:g} s")
