"""Putting a bundle together: each change raises its revision, and is refused as a whole where any of it is wrong."""

from collections.abc import Callable
from dataclasses import replace

from uuid_utils import uuid7

from gateway.domain.catalog.offerings import BundledOffering, ProductOffering
from gateway.domain.errors import Problem, RequestError
from gateway.domain.identity import own_id, own_key, provider_key
from gateway.domain.ordering.bundle_rules import initial_parts, is_mandatory
from gateway.domain.ordering.bundles import Bundle, BundleItem, BundleState
from gateway.domain.parties import Caller, SelfServiceFunction
from gateway.usecases import policy
from gateway.usecases.bundle_inputs import (
    AddBundleItem,
    ConfigureBundleItem,
    CreateBundle,
    RemoveBundleItem,
    UpdateBundle,
    checked_name,
    field_problems,
    merged_values,
    quantity_problems,
)
from gateway.usecases.bundle_offerings import Reading, read_offerings
from gateway.usecases.candidates import Candidate, Satisfaction, list_candidates
from gateway.usecases.core import Core
from gateway.usecases.review import BundleReview, as_seen, digest_for, review_bundle
from gateway.usecases.scopes import covers, thing_sold, things_of

_ORDER = SelfServiceFunction.ORDER

__all__ = [
    "AddBundleItem",
    "BundleReview",
    "Candidate",
    "ConfigureBundleItem",
    "CreateBundle",
    "RemoveBundleItem",
    "Satisfaction",
    "UpdateBundle",
    "add_bundle_item",
    "configure_bundle_item",
    "create_bundle",
    "find_bundle",
    "list_candidates",
    "remove_bundle_item",
    "review_bundle",
    "update_bundle",
]


async def find_bundle(core: Core, caller: Caller, bundle_id: str) -> Bundle | None:
    """The bundle as it is seen now; None for an unknown one, another's, and one that the caller may not order."""
    policy.check(caller, policy.Access.SIGNED_IN)
    if own_key("Bundle", bundle_id) is None:
        return None
    async with core.storage.reading() as uow:
        bundle = await uow.bundles.get(bundle_id)
    if bundle is None or not covers(caller, bundle.customer_id, _ORDER, things_of(core, bundle)):
        return None
    return as_seen(bundle, core)


async def create_bundle(core: Core, caller: Caller, given: CreateBundle) -> Bundle:
    """A new bundle: empty, with the parts of a predefined offering, or with one item of any other offering.

    Raises: RequestError CUSTOMER_REQUIRED, NOT_FOUND, TOO_LONG, INVALID_TEXT, WITHDRAWN_OFFERING,
    PROVIDER_UNAVAILABLE, PROVIDER_SUSPENDED, TOO_MANY_ITEMS, and a refusal's codes.
    """
    policy.check(caller, policy.Access.SIGNED_IN)
    customer_id = policy.customer_of(caller, given.customer_id, "customerId")
    policy.require_use(caller, customer_id, _ORDER, "customerId")
    name = checked_name(given.name)
    offering = None if given.offering_id is None else await _sold(core, given.offering_id)
    items = () if offering is None else await _initial_items(core, offering)
    if not covers(caller, customer_id, _ORDER, (thing_sold(core, each.offering_id, each.provider) for each in items)):
        raise RequestError.at("NOT_ALLOWED", "offeringId")
    if len(items) > core.bounds.bundle_items:
        raise RequestError.at("TOO_MANY_ITEMS", "offeringId", maximum=str(core.bounds.bundle_items))
    now = core.clock.now()
    bundle_id = own_id("Bundle", str(uuid7()))
    bundle = Bundle(bundle_id, customer_id, 1, BundleState.OPEN, now, now, name, place=given.place, items=items)
    if offering is not None and offering.is_bundle:
        bundle = replace(bundle, offering_id=offering.id, offering_name=offering.name)
    async with core.storage.writing() as uow:
        await uow.bundles.add(bundle)
    return bundle


async def update_bundle(core: Core, caller: Caller, given: UpdateBundle) -> Bundle:
    """Changes name or place.

    Raises: RequestError NOT_FOUND, BUNDLE_NOT_OPEN, TOO_LONG, INVALID_TEXT, and a refusal's codes.
    """
    await _own_open_bundle(core, caller, given.bundle_id)
    name = checked_name(given.name)

    def edit(bundle: Bundle) -> Bundle:
        kept = bundle.name if given.name is None else name
        return replace(bundle, name=kept, place=given.place or bundle.place)

    return await _change(core, caller, given.bundle_id, edit)


async def add_bundle_item(core: Core, caller: Caller, given: AddBundleItem) -> tuple[Bundle, BundleItem]:
    """Adds one item; the same offering again is another item.

    Raises: RequestError NOT_FOUND, BUNDLE_NOT_OPEN, WITHDRAWN_OFFERING, PROVIDER_UNAVAILABLE, PROVIDER_SUSPENDED,
    BUNDLE_IN_BUNDLE, TOO_MANY_ITEMS, QUANTITY_TOO_LOW, QUANTITY_TOO_HIGH, a refusal's codes, and a form's codes at
    `fields`.
    """
    bundle = await _own_open_bundle(core, caller, given.bundle_id)
    offering = await _sold(core, given.offering_id)
    if not covers(caller, bundle.customer_id, _ORDER, [thing_sold(core, offering.id, offering.provider.slug)]):
        raise RequestError.at("NOT_ALLOWED", "offeringId")
    if offering.is_bundle:
        raise RequestError.at("BUNDLE_IN_BUNDLE", "offeringId")
    predefined = await _predefined(core, bundle)
    item = replace(_item(offering, predefined), quantity=given.quantity, values=merged_values({}, given.fields))
    problems = field_problems(offering.fields, given.fields, core.bounds)

    def edit(bundle: Bundle) -> Bundle:
        if len(bundle.items) >= core.bounds.bundle_items:
            raise RequestError.at("TOO_MANY_ITEMS", "bundleId", maximum=str(core.bounds.bundle_items))
        others = sum(each.quantity for each in bundle.items if each.offering_id == offering.id)
        _refuse([*quantity_problems(given.quantity, item, core.bounds, others), *problems])
        return replace(bundle, items=(*bundle.items, item))

    return await _change(core, caller, given.bundle_id, edit), item


async def configure_bundle_item(core: Core, caller: Caller, given: ConfigureBundleItem) -> tuple[Bundle, BundleItem]:
    """Fills in fields or changes the quantity: all of it or, where anything is wrong, nothing.

    Raises: RequestError NOT_FOUND, BUNDLE_NOT_OPEN, PROVIDER_UNAVAILABLE, WITHDRAWN_OFFERING, QUANTITY_TOO_LOW,
    QUANTITY_TOO_HIGH, a refusal's codes, and a form's codes at `fields`.
    """
    bundle = await _own_open_bundle(core, caller, given.bundle_id)
    item = _item_of(bundle, given.item_id)
    filled_in = given.fields or ()
    problems: list[Problem] = []
    if filled_in:
        offering = await _sold(core, item.offering_id, "itemId")
        problems = field_problems(offering.fields, filled_in, core.bounds)

    def edit(bundle: Bundle) -> Bundle:
        item = _item_of(bundle, given.item_id)
        quantity = item.quantity if given.quantity is None else given.quantity
        others = sum(each.quantity for each in bundle.items if each.offering_id == item.offering_id) - item.quantity
        wrong = [] if given.quantity is None else list(quantity_problems(quantity, item, core.bounds, others))
        _refuse([*wrong, *problems])
        changed = replace(item, quantity=quantity, values=merged_values(item.values, filled_in))
        return replace(bundle, items=tuple(changed if each.id == item.id else each for each in bundle.items))

    bundle = await _change(core, caller, given.bundle_id, edit)
    return bundle, _item_of(bundle, given.item_id)


async def remove_bundle_item(core: Core, caller: Caller, given: RemoveBundleItem) -> Bundle:
    """Takes an item out.

    Raises: RequestError NOT_FOUND, BUNDLE_NOT_OPEN, NOT_REMOVABLE, and a refusal's codes.
    """
    await _own_open_bundle(core, caller, given.bundle_id)

    def edit(bundle: Bundle) -> Bundle:
        item = _item_of(bundle, given.item_id)
        if not item.is_removable:
            raise RequestError.at("NOT_REMOVABLE", "itemId")
        return replace(bundle, items=tuple(each for each in bundle.items if each.id != item.id))

    return await _change(core, caller, given.bundle_id, edit)


async def _change(core: Core, caller: Caller, bundle_id: str, edit: Callable[[Bundle], Bundle]) -> Bundle:
    """Edits the bundle under its lock; what changes nothing raises no revision."""
    async with core.storage.writing() as uow:
        bundle = _open(await uow.bundles.get(bundle_id, lock=True), core, caller)
        changed = edit(bundle)
        if changed == bundle:
            return bundle
        changed = replace(changed, revision=bundle.revision + 1, updated_at=core.clock.now())
        await uow.bundles.save(changed)
    return changed


async def _own_open_bundle(core: Core, caller: Caller, bundle_id: str) -> Bundle:
    policy.check(caller, policy.Access.SIGNED_IN)
    if own_key("Bundle", bundle_id) is None:
        raise RequestError.at("NOT_FOUND", "bundleId")
    async with core.storage.reading() as uow:
        return _open(await uow.bundles.get(bundle_id), core, caller)


def _open(bundle: Bundle | None, core: Core, caller: Caller) -> Bundle:
    if bundle is None or not policy.is_member(caller, bundle.customer_id):
        raise RequestError.at("NOT_FOUND", "bundleId")
    policy.require_use(caller, bundle.customer_id, _ORDER, "bundleId")
    if not covers(caller, bundle.customer_id, _ORDER, things_of(core, bundle)):
        raise RequestError.at("NOT_ALLOWED", "bundleId")
    if as_seen(bundle, core).state is not BundleState.OPEN:
        raise RequestError.at("BUNDLE_NOT_OPEN", "bundleId")
    return bundle


def _item_of(bundle: Bundle, item_id: str) -> BundleItem:
    item = bundle.item(item_id)
    if item is None:
        raise RequestError.at("NOT_FOUND", "itemId")
    return item


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise RequestError(*problems)


async def _sold(core: Core, offering_id: str, path: str = "offeringId") -> ProductOffering:
    """The offering as it is now, of the snapshot while its provider does not answer."""
    reading = (await read_offerings(core, (offering_id,)))[offering_id]
    if reading.offering is None and reading.is_stale:
        raise RequestError.at("PROVIDER_UNAVAILABLE", path)
    if reading.offering is None and path == "offeringId" and core.offerings.get(offering_id) is None:
        raise RequestError.at("NOT_FOUND", path)
    if reading.offering is None or reading.is_withdrawn:
        raise RequestError.at("WITHDRAWN_OFFERING", path)
    if path == "offeringId" and core.directory.is_suspended(reading.offering.provider.slug):
        raise RequestError.at("PROVIDER_SUSPENDED", path)
    return reading.offering


async def _predefined(core: Core, bundle: Bundle) -> ProductOffering | None:
    if bundle.offering_id is None:
        return None
    return (await read_offerings(core, (bundle.offering_id,)))[bundle.offering_id].offering


async def _initial_items(core: Core, offering: ProductOffering) -> tuple[BundleItem, ...]:
    if not offering.is_bundle:
        return (_item(offering, None),)
    parts = initial_parts(offering)
    readings = await read_offerings(core, (part.offering_id for part, _ in parts))
    return tuple(
        replace(_part_item(core, part, readings[part.offering_id], offering), quantity=quantity)
        for part, quantity in parts
    )


def _part_item(core: Core, part: BundledOffering, reading: Reading, predefined: ProductOffering) -> BundleItem:
    if reading.offering is not None:
        return _item(reading.offering, predefined)
    key = provider_key("ProductOffering", part.offering_id)
    profile = core.directory.profile(key[0]) if key else None
    if profile is None:
        raise RequestError.at("WITHDRAWN_OFFERING", "offeringId")
    return BundleItem(
        _new_item_id(),
        part.offering_id,
        part.offering_name,
        profile.slug,
        profile.roles[0],
        is_removable=not is_mandatory(predefined, part),
        maximum_quantity=part.maximum_quantity,
    )


def _item(offering: ProductOffering, predefined: ProductOffering | None) -> BundleItem:
    """A new item, with the limits of the part that it is in the predefined bundle."""
    parts = predefined.parts if predefined is not None else ()
    part = next((each for each in parts if each.offering_id == offering.id), None)
    item = BundleItem(_new_item_id(), offering.id, offering.name, offering.provider.slug, offering.role)
    item = replace(item, price_digest=digest_for(offering, predefined))
    if part is None or predefined is None:
        return item
    is_kept = is_mandatory(predefined, part)
    return replace(
        item,
        is_removable=not is_kept,
        minimum_quantity=max(1, part.minimum_quantity) if is_kept else 1,
        maximum_quantity=part.maximum_quantity,
    )


def _new_item_id() -> str:
    return own_id("BundleItem", str(uuid7()))
