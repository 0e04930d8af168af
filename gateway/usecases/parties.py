"""Accounts and the places of a customer's."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uuid_utils import uuid7

from gateway.domain import credentials
from gateway.domain.errors import AccessError, Problem, RequestError
from gateway.domain.identity import own_id
from gateway.domain.parties import Actor, Address, Caller, CustomerKind, Place, SelfServiceFunction, Site
from gateway.domain.security import NewSecurityEvent
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import Attempt, Attempts, Clock, NewAccount, Passwords, Storage, UnitOfWork
from gateway.usecases import policy
from gateway.usecases.attempts import count_try
from gateway.usecases.core import Core
from gateway.usecases.invitations import Joining, join
from gateway.usecases.membership import note
from gateway.usecases.security_telling import BY_COMMAND, only_customer_of, told_by

SITES_PER_CUSTOMER = 100
SITE_NAME_LIMIT = 200
_ADDRESS_LIMITS = {"street": 200, "house_number": 20, "unit": 50, "postcode": 20, "city": 200}


@dataclass(frozen=True, slots=True)
class SignUp:
    """What an account is asked for with: a customer of its own, or the token of an invitation to another's."""

    username: str
    password: str
    customer_name: str = ""
    customer_kind: CustomerKind = CustomerKind.HOUSEHOLD
    email: str | None = None
    invitation: str | None = None


def sign_up_problems(asked: SignUp) -> list[Problem]:
    """All that is wrong with it, in the order of the form."""
    found = (
        credentials.username_problem(asked.username),
        credentials.password_problem(asked.password, asked.username),
        credentials.email_problem(asked.email) if asked.email is not None else None,
        credentials.customer_name_problem(asked.customer_name) if asked.invitation is None else None,
    )
    return [problem for problem in found if problem]


async def sign_up(core: Core, passwords: Passwords, attempts: Attempts, address: str, asked: SignUp) -> tuple[str, str]:
    """A new customer and its self-service manager, or with an invitation a member of the customer that invites; returns
    the actor's and the customer's global id.

    A taken e-mail address is no obstacle: the account is made without it, so that nobody learns whose it is.
    Raises: RequestError with every wrong field; RATE_LIMITED with `seconds`; USERNAME_TAKEN; INVITATION_INVALID at
    `invitation`; BUSY.
    """
    if problems := sign_up_problems(asked):
        raise RequestError(*problems)
    await count_try(attempts, Attempt.SIGN_UP_ADDRESS, address)
    if asked.invitation is not None:
        await count_try(attempts, Attempt.INVITATION_ADDRESS, address)
    account = NewAccount(
        own_id("Actor", str(uuid7())),
        own_id("Customer", str(uuid7())) if asked.invitation is None else None,
        asked.username,
        await passwords.hash(asked.password),
        asked.email,
        asked.customer_name.strip(),
        asked.customer_kind,
        core.clock.now(),
    )
    async with core.storage.writing() as unit:
        if not await unit.accounts.add(account):
            raise RequestError.at("USERNAME_TAKEN", "username")
        customer_id = account.customer_id or await _joined(core, unit, account, address, asked.invitation or "")
        told = NewSecurityEvent(
            Kind.SIGNED_UP, account.created_at, account.actor_id, account.customer_id, address=address or None
        )
        await unit.security_events.record(told)
    if asked.invitation is not None:
        await attempts.forget(Attempt.INVITATION_ADDRESS, address)
    return account.actor_id, customer_id


async def _joined(core: Core, unit: UnitOfWork, account: NewAccount, address: str, token: str) -> str:
    # The address that was typed in counts, kept or not: whether it is somebody else's, nobody learns here.
    emails = (account.email.casefold(),) if account.email else ()
    who = Joining(Actor(account.actor_id, account.username), emails, address, is_newcomer=True)
    return (await join(core, unit, token, who, "invitation")).customer_id


async def ensure_account(
    storage: Storage,
    clock: Clock,
    passwords: Passwords,
    username: str,
    password: str,
    customer_name: str | None,
    *,
    is_operator: bool = False,
) -> None:
    """Makes the account where it is not, and sets its password where that is another one. Idempotent.

    It is the manager of one customer of that name; with None it has no customer.
    """
    account = NewAccount(
        own_id("Actor", str(uuid7())),
        own_id("Customer", str(uuid7())) if customer_name else None,
        username,
        "",
        None,
        customer_name or "",
        CustomerKind.HOUSEHOLD,
        clock.now(),
        is_operator,
    )
    async with storage.reading() as unit:
        known = await unit.accounts.credentials(username)
    if known and await passwords.is_right(password, known.password_hash):
        return
    account = dataclasses.replace(account, password_hash=await passwords.hash(password))
    async with storage.writing() as unit:
        kind, actor_id, now = Kind.SIGNED_UP, account.actor_id, account.created_at
        if not await unit.accounts.add(account):
            taken = await unit.accounts.credentials(username)
            kind, actor_id = Kind.PASSWORD_CHANGED, taken.actor_id if taken else ""
            await unit.accounts.set_password(actor_id, account.password_hash)
        whose = await only_customer_of(unit, actor_id)
        await unit.security_events.record(told_by(BY_COMMAND, kind, now, customer_id=whose, subject=actor_id))


async def seed_accounts(
    storage: Storage, clock: Clock, passwords: Passwords, demo_password: str, operator_password: str
) -> None:
    """The demo's accounts: the manager `demo` of exactly one customer, and `operator` of none. Idempotent."""
    await ensure_account(storage, clock, passwords, "demo", demo_password, "The demo household")
    await ensure_account(storage, clock, passwords, "operator", operator_password, None, is_operator=True)


def _address_problems(address: Address) -> Iterator[Problem]:
    path = {"house_number": "houseNumber"}
    for name, limit in _ADDRESS_LIMITS.items():
        text: str | None = getattr(address, name)
        is_wrong = text is not None and not (text.strip() and text.isprintable())
        if is_wrong:
            yield Problem("INVALID_ADDRESS", ("address", path.get(name, name)))
        elif text is not None and len(text) > limit:
            yield Problem("TOO_LONG", ("address", path.get(name, name)), {"maximum": str(limit)})
    country = address.country
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        yield Problem("INVALID_ADDRESS", ("address", "country"))


async def resolve_place(core: Core, caller: Caller, address: Address | None, site_id: str | None) -> Place:
    """The place meant: that address, or a site of the caller's customers with its address.

    Raises: RequestError INVALID_ADDRESS or TOO_LONG under `place.address`, NOT_FOUND at `place.siteId`; AccessError for
    nobody's site.
    """
    if address is not None:
        if problems := tuple(_address_problems(address)):
            raise RequestError(*(dataclasses.replace(each, field=("place", *(each.field or ()))) for each in problems))
        return Place(address)
    policy.check(caller, policy.Access.SIGNED_IN)
    site = await find_site(core, caller, site_id or "")
    if site is None:
        raise RequestError.at("NOT_FOUND", "place", "siteId")
    return Place(site.address, site.id)


async def find_site(core: Core, caller: Caller, site_id: str) -> Site | None:
    """The place of that global id; None for an unknown one, and for another customer's."""
    if caller.actor is None:
        return None
    async with core.storage.reading() as unit:
        site = await unit.accounts.site(site_id)
    return site if site and _sees_sites(caller, site.customer_id) else None


def _sees_sites(caller: Caller, customer_id: str) -> bool:
    """Who orders needs places, and who configures keeps them."""
    functions = (SelfServiceFunction.ORDER, SelfServiceFunction.CONFIGURE)
    return any(policy.can_some(caller, customer_id, each) for each in functions)


async def list_sites(core: Core, caller: Caller, customer_id: str) -> Sequence[Site]:
    """The customer's places by name, at most 100; for who orders or configures.

    Raises: RequestError NOT_FOUND at `customerId`; AccessError.
    """
    customer_id = policy.customer_of(caller, customer_id, "customerId")
    if not _sees_sites(caller, customer_id):
        raise AccessError(Problem("FORBIDDEN"))
    async with core.storage.reading() as unit:
        return await unit.accounts.sites(customer_id)


async def add_site(core: Core, caller: Caller, customer_id: str | None, name: str, address: Address) -> Site:
    """Keeps a place under a name. Raises: RequestError NOT_FOUND, CUSTOMER_REQUIRED, INVALID_NAME, TOO_LONG,
    INVALID_ADDRESS, TOO_MANY_SITES; AccessError.
    """
    customer_id = policy.customer_of(caller, customer_id, "customerId")
    policy.require(caller, customer_id, SelfServiceFunction.CONFIGURE)
    problems = [*_site_name_problems(name), *_address_problems(address)]
    if problems:
        raise RequestError(*problems)
    site = Site(own_id("Site", str(uuid7())), customer_id, name.strip(), address)
    async with core.storage.writing() as unit:
        if len(await unit.accounts.sites(customer_id)) >= SITES_PER_CUSTOMER:
            raise RequestError.at("TOO_MANY_SITES", maximum=str(SITES_PER_CUSTOMER))
        await unit.accounts.add_site(site)
        await note(core, unit, caller, Kind.CUSTOMER_CHANGED, site.customer_id, site.id, change="SITE_ADDED")
    return site


def _site_name_problems(name: str) -> Iterator[Problem]:
    if not name.strip() or not name.isprintable():
        yield Problem("INVALID_NAME", ("name",))
    elif len(name) > SITE_NAME_LIMIT:
        yield Problem("TOO_LONG", ("name",), {"maximum": str(SITE_NAME_LIMIT)})


async def update_site(core: Core, caller: Caller, site_id: str, name: str | None, address: Address | None) -> Site:
    """Changes what is given; of two at once the last one wins. Bundles and orders keep the address as it was.

    Raises: RequestError NOT_FOUND at `siteId`, INVALID_NAME, TOO_LONG, INVALID_ADDRESS; AccessError.
    """
    known = await _own_site(core, caller, site_id)
    problems = [
        *(_site_name_problems(name) if name is not None else ()),
        *(_address_problems(address) if address is not None else ()),
    ]
    if problems:
        raise RequestError(*problems)
    site = dataclasses.replace(
        known, name=known.name if name is None else name.strip(), address=address or known.address
    )
    async with core.storage.writing() as unit:
        if not await unit.accounts.save_site(site):
            raise RequestError.at("NOT_FOUND", "siteId")
        await note(core, unit, caller, Kind.CUSTOMER_CHANGED, site.customer_id, site.id, change="SITE_CHANGED")
    return site


async def remove_site(core: Core, caller: Caller, site_id: str) -> str:
    """Takes a place away; returns its id. Bundles and orders keep the address: none stands in the way.

    Raises: RequestError NOT_FOUND at `siteId`; AccessError.
    """
    site = await _own_site(core, caller, site_id)
    async with core.storage.writing() as unit:
        await unit.accounts.remove_site(site_id)
        await note(core, unit, caller, Kind.CUSTOMER_CHANGED, site.customer_id, site.id, change="SITE_REMOVED")
    return site_id


async def _own_site(core: Core, caller: Caller, site_id: str) -> Site:
    policy.check(caller, policy.Access.SIGNED_IN)
    site = await find_site(core, caller, site_id)
    if site is None:
        raise RequestError.at("NOT_FOUND", "siteId")
    policy.require(caller, site.customer_id, SelfServiceFunction.CONFIGURE)
    return site
