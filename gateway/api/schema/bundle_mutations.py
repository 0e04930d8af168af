"""Putting a bundle together."""

from typing import Annotated, Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.bundle_inputs import (
    AddBundleItemInput,
    ConfigureBundleItemInput,
    CreateBundleInput,
    OrderFieldInput,
    RemoveBundleItemInput,
    UpdateBundleInput,
)
from gateway.api.schema.declaring import argument
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.places import place_of
from gateway.api.schema.weights import Weight
from gateway.domain.authorizations import SelfServiceFunction
from gateway.domain.ordering.bundles import Bundle, BundleItem
from gateway.usecases import bundles
from gateway.usecases.policy import REFUSALS, Access

_FORM = (
    "INVALID_CHOICE",
    "INVALID_TEXT",
    "OUT_OF_RANGE",
    "PATTERN_MISMATCH",
    "TOO_LONG",
    "TOO_MANY_VALUES",
    "UNKNOWN_FIELD",
    "DUPLICATE_FIELD",
    "QUANTITY_TOO_LOW",
    "QUANTITY_TOO_HIGH",
)
_CHANGE = ("NOT_FOUND", "BUNDLE_NOT_OPEN", *REFUSALS)
_NEW = ("WITHDRAWN_OFFERING", "PROVIDER_UNAVAILABLE")
_PLACE = ("INVALID_ADDRESS", "INVALID_TEXT", "TOO_LONG")
_BUNDLE = (Bundle, "The bundle as it is now.")

CreateBundleErrors = UserErrors(
    "CreateBundle",
    "CUSTOMER_REQUIRED",
    "NOT_FOUND",
    "TOO_MANY_ITEMS",
    *REFUSALS,
    "PROVIDER_SUSPENDED",
    *_PLACE,
    *_NEW,
)
UpdateBundleErrors = UserErrors("UpdateBundle", *_CHANGE, *_PLACE)
AddBundleItemErrors = UserErrors(
    "AddBundleItem", *_CHANGE, *_NEW, *_FORM, "BUNDLE_IN_BUNDLE", "PROVIDER_SUSPENDED", "TOO_MANY_ITEMS"
)
ConfigureBundleItemErrors = UserErrors("ConfigureBundleItem", *_CHANGE, *_NEW, *_FORM)
RemoveBundleItemErrors = UserErrors("RemoveBundleItem", *_CHANGE, "NOT_REMOVABLE")

CreateBundlePayload = payload("CreateBundle", CreateBundleErrors, bundle=_BUNDLE)
UpdateBundlePayload = payload("UpdateBundle", UpdateBundleErrors, bundle=_BUNDLE)
AddBundleItemPayload = payload(
    "AddBundleItem", AddBundleItemErrors, item=(BundleItem, "The item that was added."), bundle=_BUNDLE
)
ConfigureBundleItemPayload = payload(
    "ConfigureBundleItem", ConfigureBundleItemErrors, item=(BundleItem, "The item as it is now."), bundle=_BUNDLE
)
RemoveBundleItemPayload = payload(
    "RemoveBundleItem",
    RemoveBundleItemErrors,
    removed_item_id=(strawberry.ID, "The id of the item that was taken out."),
    bundle=_BUNDLE,
)


def _values(fields: list[OrderFieldInput] | None) -> Any:
    return None if fields is None else tuple((each.key, tuple(each.values)) for each in fields)


async def _shown(info: Info, bundle: Bundle) -> Bundle:
    return await info.context.loaders.bundles.shown(bundle, info)


@strawberry.type
class BundleMutations:
    """The mutations of bundles."""

    @mutation(
        Access.SIGNED_IN, CreateBundlePayload, CreateBundleErrors, Weight.PROVIDERS, function=SelfServiceFunction.ORDER
    )
    async def create_bundle(
        self, info: Info, input: Annotated[CreateBundleInput, argument("What it starts with.")]
    ) -> Any:
        """Makes a bundle: from a predefined offering with its parts filled in, or an empty one."""
        context = info.context
        asked = bundles.CreateBundle(
            customer_id=input.customer_id,
            name=input.name,
            offering_id=input.offering_id,
            place=await place_of(info, input.place) if input.place else None,
        )
        bundle = await bundles.create_bundle(context.core, context.caller, asked)
        return CreateBundlePayload(bundle=await _shown(info, bundle))

    @mutation(Access.SIGNED_IN, UpdateBundlePayload, UpdateBundleErrors, function=SelfServiceFunction.ORDER)
    async def update_bundle(self, info: Info, input: Annotated[UpdateBundleInput, argument("What to change.")]) -> Any:
        """Changes a bundle's name or place."""
        context = info.context
        place = await place_of(info, input.place) if input.place else None
        asked = bundles.UpdateBundle(bundle_id=input.bundle_id, name=input.name, place=place)
        bundle = await bundles.update_bundle(context.core, context.caller, asked)
        return UpdateBundlePayload(bundle=await _shown(info, bundle))

    @mutation(
        Access.SIGNED_IN,
        AddBundleItemPayload,
        AddBundleItemErrors,
        Weight.PROVIDERS,
        function=SelfServiceFunction.ORDER,
    )
    async def add_bundle_item(self, info: Info, input: Annotated[AddBundleItemInput, argument("What to add.")]) -> Any:
        """Adds an offering to a bundle."""
        context = info.context
        asked = bundles.AddBundleItem(
            bundle_id=input.bundle_id,
            offering_id=input.offering_id,
            quantity=input.quantity or 0,
            fields=_values(input.fields) or (),
        )
        bundle, item = await bundles.add_bundle_item(context.core, context.caller, asked)
        bundle = await _shown(info, bundle)
        return AddBundleItemPayload(item=bundle.item(item.id), bundle=bundle)

    @mutation(
        Access.SIGNED_IN,
        ConfigureBundleItemPayload,
        ConfigureBundleItemErrors,
        Weight.PROVIDER,
        function=SelfServiceFunction.ORDER,
    )
    async def configure_bundle_item(
        self, info: Info, input: Annotated[ConfigureBundleItemInput, argument("What to change.")]
    ) -> Any:
        """Fills in fields of an item's order form, or changes its quantity."""
        context = info.context
        asked = bundles.ConfigureBundleItem(
            bundle_id=input.bundle_id, item_id=input.item_id, quantity=input.quantity, fields=_values(input.fields)
        )
        bundle, item = await bundles.configure_bundle_item(context.core, context.caller, asked)
        bundle = await _shown(info, bundle)
        return ConfigureBundleItemPayload(item=bundle.item(item.id), bundle=bundle)

    @mutation(Access.SIGNED_IN, RemoveBundleItemPayload, RemoveBundleItemErrors, function=SelfServiceFunction.ORDER)
    async def remove_bundle_item(
        self, info: Info, input: Annotated[RemoveBundleItemInput, argument("What to take out.")]
    ) -> Any:
        """Takes an item out of a bundle; a mandatory part of a predefined bundle stays."""
        context = info.context
        asked = bundles.RemoveBundleItem(bundle_id=input.bundle_id, item_id=input.item_id)
        bundle = await bundles.remove_bundle_item(context.core, context.caller, asked)
        return RemoveBundleItemPayload(removed_item_id=input.item_id, bundle=await _shown(info, bundle))
