"""Domain objects to keep: a customer, an order of two items, a bundle, a registration."""

import dataclasses
from datetime import datetime
from typing import Any

from uuid_utils import uuid7

from gateway.domain.catalog.providers import ProviderProfile, ProviderRole
from gateway.domain.identity import own_id, provider_id
from gateway.domain.ordering.bundles import Bundle, BundleItem, BundleState
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import (
    CompletionPolicy,
    ItemAction,
    ItemIntent,
    ItemPhase,
    OrderItemState,
    OrderState,
)
from gateway.domain.parties import Address, CustomerKind, Place
from gateway.domain.registrations import ProviderRegistration, RegistrationStatus
from gateway.ports import NewAccount, Storage
from tests.clock import NOON


def new_id(type_name: str) -> str:
    """A new global id of something the gateway keeps."""
    return own_id(type_name, str(uuid7()))


def an_account(username: str = "maria", email: str | None = "maria@example.com") -> NewAccount:
    """A manager's account with a household."""
    ids = new_id("Actor"), new_id("Customer")
    return NewAccount(*ids, username, "a hash", email, "Maria's household", CustomerKind.HOUSEHOLD, NOON)


async def a_customer(storage: Storage, username: str = "maria") -> str:
    """The id of a customer that is kept."""
    account = an_account(username, None)
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
    assert account.customer_id is not None
    return account.customer_id


def an_order(customer_id: str, at: datetime = NOON, providers: tuple[str, ...] = ("nordnet", "filmhaus")) -> Order:
    """An order that was just placed, with one item for each provider."""
    order_id = new_id("Order")
    items = tuple(
        OrderItem(
            id=new_id("OrderItem"),
            order_id=order_id,
            position=position,
            action=ItemAction.ADD,
            intent=ItemIntent.ORDER,
            state=OrderItemState.ACKNOWLEDGED,
            phase=ItemPhase.WAITING,
            phase_since=at,
            provider=provider,
            role=ProviderRole.NETWORK_OPERATOR,
            offering_id=provider_id("ProductOffering", provider, "o-1"),
            offering_name="Fibre 100",
            offering_ref="o-1",
            party="gw-1",
            values={"speed": ("100",)},
        )
        for position, provider in enumerate(providers, start=1)
    )
    place = Place(Address("Storgatan", "11122", "Stockholm", "SE", "1"))
    state, policy = OrderState.ACKNOWLEDGED, CompletionPolicy.ALL_OR_NOTHING
    return Order(order_id, customer_id, new_id("Bundle"), state, policy, at, items, place)


def a_bundle(customer_id: str) -> Bundle:
    """An open bundle of one item."""
    offering = provider_id("ProductOffering", "nordnet", "o-1")
    item = BundleItem(new_id("BundleItem"), offering, "Fibre 100", "nordnet", ProviderRole.NETWORK_OPERATOR)
    return Bundle(new_id("Bundle"), customer_id, 1, BundleState.OPEN, NOON, NOON, "Television", items=(item,))


def a_registration(slug: str = "acme-fibre", owner: str | None = None, **more: Any) -> ProviderRegistration:
    """A registration that was just made."""
    profile = ProviderProfile(own_id("Provider", slug), slug, "Acme Fibre", (ProviderRole.NETWORK_OPERATOR,))
    made = ProviderRegistration(
        new_id("ProviderRegistration"), profile, "tmforum", RegistrationStatus.DRAFT, NOON, NOON, owner=owner
    )
    return dataclasses.replace(made, **more)
