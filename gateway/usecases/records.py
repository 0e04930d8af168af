"""A customer's contacts and subscribers, kept by its managers. Of two managers the last one to write wins."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from uuid_utils import uuid7

from gateway.domain import credentials
from gateway.domain.errors import Problem, RequestError
from gateway.domain.identity import own_id
from gateway.domain.members import Contact, ContactRole, Subscriber
from gateway.domain.paging import Edge, Page, checked_first, key_cursor, page_of, read_key_cursor
from gateway.domain.parties import Caller
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import UnitOfWork
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.inventory import find_products
from gateway.usecases.membership import hold_as_manager, managed_customer, note
from gateway.usecases.telephone import number_of

CONTACTS_PER_CUSTOMER = 100
SUBSCRIBERS_PER_CUSTOMER = 5000
PRODUCTS_PER_SUBSCRIBER = 100
NUMBERS_PER_SUBSCRIBER = 20
NAME_LIMIT = 200

R = TypeVar("R", Contact, Subscriber)


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """What is asked for of a contact; in a change None stays as it is, and an empty text takes it away."""

    name: str | None = None
    role: ContactRole | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriberDetails:
    """What is asked for of a subscriber; in a change None stays as it is."""

    name: str | None = None
    product_ids: tuple[str, ...] | None = None
    numbers: tuple[str, ...] | None = None


async def list_records(
    core: Core, caller: Caller, kind: type[R], customer_id: str, first: int | None, after: str | None
) -> Page[R]:
    """The customer's contacts, or subscribers, in the order of their making.

    Raises: RequestError NOT_FOUND at `customerId`, PAGE_SIZE, BAD_CURSOR; AccessError for who is no manager.
    """
    policy.require_manager(caller, customer_id)
    count, listing = checked_first(first), f"{kind.__name__}:{customer_id}"
    place = read_key_cursor(listing, after, 1)
    async with core.storage.reading() as unit:
        found = await unit.records.page(kind, customer_id, count + 1, place[0] if place else None)
    return page_of([Edge(key_cursor(listing, each.id), each) for each in found[:count]], len(found) > count)


async def find_record(core: Core, caller: Caller, kind: type[R], record_id: str) -> R | None:
    """The one of that global id; None for an unknown one, and for who is no manager of its customer."""
    async with core.storage.reading() as unit:
        found = await unit.records.get(kind, record_id)
    return found if found and policy.manages(caller, found.customer_id) else None


async def add_contact(core: Core, caller: Caller, customer_id: str | None, given: ContactDetails) -> Contact:
    """Keeps somebody to turn to.

    Raises: RequestError NOT_FOUND, CUSTOMER_REQUIRED, INVALID_NAME, TOO_LONG, INVALID_FORMAT, INVALID_PHONE,
    TOO_MANY_CONTACTS; AccessError.
    """
    managed = managed_customer(caller, customer_id)
    made = Contact(own_id("Contact", str(uuid7())), managed, "", ContactRole.GENERAL)
    contact = _changed_contact(made, dataclasses.replace(given, name=given.name or ""))
    await _add(core, caller, contact, CONTACTS_PER_CUSTOMER, "TOO_MANY_CONTACTS")
    return contact


async def update_contact(core: Core, caller: Caller, contact_id: str, given: ContactDetails) -> Contact:
    """Changes what is given.

    Raises: RequestError NOT_FOUND at `contactId`, INVALID_NAME, TOO_LONG, INVALID_FORMAT, INVALID_PHONE; AccessError.
    """
    known = await _managed(core, caller, Contact, contact_id, "contactId")
    contact = _changed_contact(known, given)
    await _save(core, caller, contact, "contactId")
    return contact


async def remove_contact(core: Core, caller: Caller, contact_id: str) -> str:
    """Takes it away; returns its id. Raises: RequestError NOT_FOUND at `contactId`; AccessError."""
    await _remove(core, caller, await _managed(core, caller, Contact, contact_id, "contactId"), "contactId")
    return contact_id


async def add_subscriber(core: Core, caller: Caller, customer_id: str | None, given: SubscriberDetails) -> Subscriber:
    """Keeps an end user, with the products and numbers that they use.

    Raises: RequestError NOT_FOUND (also at `productIds` for what is not the customer's own), CUSTOMER_REQUIRED,
    INVALID_NAME, TOO_LONG, INVALID_PHONE, TOO_MANY_PRODUCTS, TOO_MANY_NUMBERS, TOO_MANY_SUBSCRIBERS; AccessError.
    """
    managed = managed_customer(caller, customer_id)
    made = Subscriber(own_id("Subscriber", str(uuid7())), managed, "")
    subscriber = await _changed_subscriber(core, caller, made, dataclasses.replace(given, name=given.name or ""))
    await _add(core, caller, subscriber, SUBSCRIBERS_PER_CUSTOMER, "TOO_MANY_SUBSCRIBERS")
    return subscriber


async def update_subscriber(core: Core, caller: Caller, subscriber_id: str, given: SubscriberDetails) -> Subscriber:
    """Changes what is given.

    Raises: RequestError NOT_FOUND at `subscriberId`, and at `productIds` for what is not the customer's own;
    INVALID_NAME, TOO_LONG, INVALID_PHONE, TOO_MANY_PRODUCTS, TOO_MANY_NUMBERS; AccessError.
    """
    known = await _managed(core, caller, Subscriber, subscriber_id, "subscriberId")
    subscriber = await _changed_subscriber(core, caller, known, given)
    await _save(core, caller, subscriber, "subscriberId")
    return subscriber


async def remove_subscriber(core: Core, caller: Caller, subscriber_id: str) -> str:
    """Takes it away; returns its id. Raises: RequestError NOT_FOUND at `subscriberId`; AccessError."""
    known = await _managed(core, caller, Subscriber, subscriber_id, "subscriberId")
    await _remove(core, caller, known, "subscriberId")
    return subscriber_id


def _changed_contact(known: Contact, given: ContactDetails) -> Contact:
    problems = list(_name_problems(given.name))
    if given.email and (problem := credentials.email_problem(given.email)):
        problems.append(problem)
    phone = number_of(given.phone) if given.phone else given.phone
    if given.phone and phone is None:
        problems.append(Problem("INVALID_PHONE", ("phone",)))
    if problems:
        raise RequestError(*problems)
    return dataclasses.replace(
        known,
        name=known.name if given.name is None else given.name.strip(),
        role=given.role or known.role,
        email=known.email if given.email is None else given.email or None,
        phone=known.phone if given.phone is None else phone or None,
    )


async def _changed_subscriber(core: Core, caller: Caller, known: Subscriber, given: SubscriberDetails) -> Subscriber:
    numbers = [number_of(each) for each in given.numbers or ()]
    problems = [*_name_problems(given.name), *_size_problems(given)]
    problems += [Problem("INVALID_PHONE", ("numbers", str(at))) for at, each in enumerate(numbers) if each is None]
    if problems:
        raise RequestError(*problems)
    products = None if given.product_ids is None else tuple(dict.fromkeys(given.product_ids))
    await _check_own(core, caller, known.customer_id, given.product_ids or (), known.product_ids)
    return dataclasses.replace(
        known,
        name=known.name if given.name is None else given.name.strip(),
        product_ids=known.product_ids if products is None else products,
        numbers=known.numbers if given.numbers is None else tuple(dict.fromkeys(each for each in numbers if each)),
    )


def _name_problems(name: str | None) -> Iterator[Problem]:
    if name is None:
        return
    if not name.strip() or not name.isprintable():
        yield Problem("INVALID_NAME", ("name",))
    elif len(name) > NAME_LIMIT:
        yield Problem("TOO_LONG", ("name",), {"maximum": str(NAME_LIMIT)})


def _size_problems(given: SubscriberDetails) -> Iterator[Problem]:
    if len(given.product_ids or ()) > PRODUCTS_PER_SUBSCRIBER:
        yield Problem("TOO_MANY_PRODUCTS", ("productIds",), {"maximum": str(PRODUCTS_PER_SUBSCRIBER)})
    if len(given.numbers or ()) > NUMBERS_PER_SUBSCRIBER:
        yield Problem("TOO_MANY_NUMBERS", ("numbers",), {"maximum": str(NUMBERS_PER_SUBSCRIBER)})


async def _check_own(
    core: Core, caller: Caller, customer_id: str, product_ids: Sequence[str], known: Sequence[str]
) -> None:
    """Raises: RequestError NOT_FOUND for each that is not the customer's own, by its orders and by its providers."""
    asked = [each for each in dict.fromkeys(product_ids) if each not in known]
    if not asked:
        return
    async with core.storage.reading() as unit:
        ordered = await unit.orders.by_products(customer_id, asked)
    left = [each for each in asked if each not in ordered]
    held = await find_products(core, caller, customer_id, left) if left else {}
    missing = {each for each in left if each not in held}
    if missing:
        at = [index for index, each in enumerate(product_ids) if each in missing]
        raise RequestError(*(Problem("NOT_FOUND", ("productIds", str(index))) for index in at))


async def _managed(core: Core, caller: Caller, kind: type[R], record_id: str, field: str) -> R:
    policy.check(caller, policy.Access.SIGNED_IN)
    async with core.storage.reading() as unit:
        found = await unit.records.get(kind, record_id)
    if found is None or not policy.is_member(caller, found.customer_id):
        raise RequestError.at("NOT_FOUND", field)
    policy.require_manager(caller, found.customer_id)
    return found


async def _add(core: Core, caller: Caller, record: Contact | Subscriber, limit: int, code: str) -> None:
    async with core.storage.writing() as unit:
        await hold_as_manager(unit, caller, record.customer_id, "customerId")
        if await unit.records.count(type(record), record.customer_id) >= limit:
            raise RequestError.at(code, maximum=str(limit))
        await unit.records.add(record)
        await _note(core, unit, caller, record, "ADDED")


async def _save(core: Core, caller: Caller, record: Contact | Subscriber, field: str) -> None:
    async with core.storage.writing() as unit:
        await hold_as_manager(unit, caller, record.customer_id, field)
        if not await unit.records.save(record):
            raise RequestError.at("NOT_FOUND", field)
        await _note(core, unit, caller, record, "CHANGED")


async def _remove(core: Core, caller: Caller, record: Contact | Subscriber, field: str) -> None:
    async with core.storage.writing() as unit:
        await hold_as_manager(unit, caller, record.customer_id, field)
        await unit.records.remove(record)
        await _note(core, unit, caller, record, "REMOVED")


async def _note(core: Core, unit: UnitOfWork, caller: Caller, record: Contact | Subscriber, how: str) -> None:
    change = f"{type(record).__name__.upper()}_{how}"
    await note(core, unit, caller, Kind.CUSTOMER_CHANGED, record.customer_id, record.id, change=change)
