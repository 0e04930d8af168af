"""One gateway with one customer and every kind of caller of its, and others; each cell of the table has things anew."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.api.operations.limits import OperationLimits
from gateway.domain.authorizations import (
    OF_THE_WHOLE,
    Authorization,
    AuthorizationScope,
    Conditions,
    EnabledFunction,
    EverythingScope,
    Hours,
    ProductScope,
    SelfServiceFunction,
    Weekday,
)
from gateway.domain.catalog.offerings import Category
from gateway.domain.clients import ClientScope
from gateway.domain.engagement import Notification
from gateway.domain.identity import own_id, provider_id
from gateway.domain.inventory import ProductStatus
from gateway.domain.members import Contact, ContactRole, Invitation, Member, Subscriber
from gateway.domain.money import Money
from gateway.domain.ordering.orders import OrderedProduct
from gateway.domain.parties import OPERATOR, Actor, Address, Agreement, Caller, MemberRole, ServiceClient, Site
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import NewEvent, UnitOfWork
from gateway.ports.authorizations import KeptAuthorization
from gateway.usecases.review import digest_for
from tests.api.running import Running, _session, running
from tests.clock import NOON
from tests.federation.scripted import offering, price
from tests.samples import a_bundle, an_account, an_order, new_id

MEMBERS = ("service", "holder", "without", "other", "expired", "outside", "over")
CALLERS = ("nobody", *MEMBERS, "manager", "stranger", "partner", "operator")
"""Nobody; a service user; authorized users with every function, with none that a root field takes, with every function
for another product, whose right has run out, out of hours, and over the limit; the manager; the manager of another
customer; a service client of every scope; and the gateway's operator."""
EVERYTHING = tuple(SelfServiceFunction)
PARTS = tuple(each for each in SelfServiceFunction if each not in OF_THE_WHOLE)
OFFERING = provider_id("ProductOffering", "nord", "o-1")
PRODUCT = provider_id("Product", "nord", "p-1")
OTHER_PRODUCT = provider_id("Product", "nord", "p-2")
PLENTY = OperationLimits(cost=1_000_000, cost_per_actor="1000000000/minute", cost_per_address="1000000000/minute")
# NOON is none of these.
NIGHT = Hours(tuple(Weekday), time(1), time(2))


def authorization(
    functions: tuple[SelfServiceFunction, ...] = EVERYTHING,
    scope: AuthorizationScope = EverythingScope(),  # noqa: B008
    **more: Any,
) -> Authorization:
    """One that began a day ago."""
    return replace(Authorization(new_id("Authorization"), functions, scope, NOON - timedelta(days=1)), **more)


@dataclass
class World:
    """The running gateway, and the ids of what the manager's customer has."""

    gateway: Running
    customer: str
    actors: dict[str, str]

    async def join(self, token: str, role: MemberRole, *granted: Authorization) -> None:
        """Keeps somebody who signs in by that token, as a member with these authorizations."""
        account = replace(an_account(token, None), customer_id=None)
        self.actors[token] = account.actor_id
        member = Member(new_id("Member"), self.customer, Actor(account.actor_id, token), role, NOON)
        async with self.gateway.storage.writing() as unit:
            assert await unit.accounts.add(account)
            await unit.accounts.add_session(_session(token, account, self.gateway.clock))
            assert await unit.members.add(member)
            for each in granted:
                kept = KeptAuthorization(self.customer, account.actor_id, each, self.actors["manager"], NOON)
                await unit.authorizations.add(kept)
            actor = await unit.accounts.actor(account.actor_id)
        self.gateway.tokens.callers[token] = Caller(actor, token)

    async def anew(self, used: Collection[str]) -> Mapping[str, Any]:
        """Variables of these names; what can be changed is made anew for each document."""
        made: dict[str, Any] = {
            "customer": self.customer,
            "actor": self.actors["granted"],
            "serviceUser": self.actors["served"],
            "offering": OFFERING,
            "product": PRODUCT,
            "key": new_id("Key"),
            "unknown": new_id("Bundle"),
        }
        async with self.gateway.storage.writing() as unit:
            if "bundle" in used:
                made |= await self._bundle(unit)
            if {"order", "notification"} & set(used):
                made |= await self._order(unit)
            if "site" in used:
                made |= await self._site(unit)
            if {"member", "invitation", "contact", "subscriber"} & set(used):
                made |= await self._people(unit)
            if "authorization" in used:
                made |= await self._authorization(unit)
        return {name: made[name] for name in used}

    async def _bundle(self, unit: UnitOfWork) -> dict[str, str]:
        bundle, sold = a_bundle(self.customer), self.gateway.core.offerings.get(OFFERING)
        assert sold is not None
        item = replace(bundle.items[0], offering_id=OFFERING, provider="nord", price_digest=digest_for(sold, None))
        await unit.bundles.add(replace(bundle, items=(item,), updated_at=self.gateway.clock.now()))
        return {"bundle": bundle.id, "item": item.id}

    async def _order(self, unit: UnitOfWork) -> dict[str, str]:
        order = an_order(self.customer, providers=("nord",))
        made = OrderedProduct(PRODUCT, "p-1", "Fibre 100", ProductStatus.ACTIVE)
        order = replace(order, items=(replace(order.items[0], offering_id=OFFERING, product=made),))
        notice = Notification(new_id("Notification"), self.customer, NOON, "ORDER_COMPLETED", {}, order.id)
        await unit.orders.add(order)
        await unit.orders.save(
            await unit.events.append(order, [NewEvent("OrderPlaced"), NewEvent("OrderCompleted")], NOON)
        )
        await unit.notifications.add(notice)
        return {"order": order.id, "orderItem": order.items[0].id, "notification": notice.id}

    async def _site(self, unit: UnitOfWork) -> dict[str, str]:
        site = Site(new_id("Site"), self.customer, "Home", Address("Storgatan", "11122", "Stockholm", "SE", "1"))
        await unit.accounts.add_site(site)
        return {"site": site.id}

    async def _people(self, unit: UnitOfWork) -> dict[str, str]:
        account = replace(an_account(f"member-{new_id('Key')[-24:]}", None), customer_id=None)
        role, actor = MemberRole.AUTHORIZED_USER, Actor(account.actor_id, account.username)
        member = Member(new_id("Member"), self.customer, actor, role, NOON)
        until, digest = NOON + timedelta(days=1), new_id("Digest")
        invitation = Invitation(new_id("Invitation"), self.customer, role, NOON, until, actor.id, digest)
        contact = Contact(new_id("Contact"), self.customer, "Anna", ContactRole.BILLING)
        subscriber = Subscriber(new_id("Subscriber"), self.customer, "Erik")
        assert await unit.accounts.add(account)
        assert await unit.members.add(member)
        await unit.invitations.add(invitation)
        await unit.records.add(contact)
        await unit.records.add(subscriber)
        kept = {"invitation": invitation.id, "contact": contact.id, "subscriber": subscriber.id}
        return {"member": member.id, **kept}

    async def _authorization(self, unit: UnitOfWork) -> dict[str, str]:
        granted = authorization((SelfServiceFunction.TEST,), ProductScope((OTHER_PRODUCT,)))
        kept = KeptAuthorization(self.customer, self.actors["granted"], granted, self.actors["manager"], NOON)
        await unit.authorizations.add(kept)
        return {"authorization": granted.id}


@asynccontextmanager
async def a_gateway(folder: Path, database: str | None = None) -> AsyncIterator[Running]:
    """Without anybody: what it sells, costs 499 a month."""
    category = Category(own_id("Category", "fibre"), "fibre", "Fibre")
    agreed = Agreement("a", "Sales", frozenset({OPERATOR, "nord"}))
    sold = [offering("nord", "o-1", "Fibre 100", prices=(price("499"),), categories=(category,))]
    async with running(folder, sold, agreements=[agreed], database=database, operation=PLENTY) as gateway:
        yield gateway


@asynccontextmanager
async def a_world(folder: Path, database: str | None = None) -> AsyncIterator[World]:
    """From entry to exit: the customer with a member of each kind, another customer, an operator and a partner."""
    async with a_gateway(folder, database) as gateway:
        manager = await gateway.sign_in("manager")
        await gateway.sign_in("stranger")
        await gateway.sign_in("operator", is_operator=True)
        partner = ServiceClient("partner", "Partner", frozenset(ClientScope))
        gateway.tokens.callers["partner"] = Caller(client=partner)
        assert manager.actor is not None
        world = World(gateway, manager.actor.memberships[0].customer.id, {"manager": manager.actor.id})
        await _join_all(world)
        yield world


async def _join_all(world: World) -> None:
    user, conditions = MemberRole.AUTHORIZED_USER, Conditions(spending_limit_per_order=Money(Decimal(10), "SEK"))
    await world.join("service", MemberRole.SERVICE_USER)
    await world.join("holder", user, authorization())
    await world.join("without", user, authorization((SelfServiceFunction.REPORT,)))
    await world.join("other", user, authorization(PARTS, ProductScope((OTHER_PRODUCT,))))
    await world.join("expired", user, authorization(valid_until=NOON))
    await world.join("outside", user, authorization(conditions=Conditions(hours=NIGHT)))
    await world.join("over", user, authorization(conditions=conditions))
    # Who is done something to: a member of either role who may do nothing.
    await world.join("granted", user)
    await world.join("served", MemberRole.SERVICE_USER)
    enabled = EnabledFunction(
        new_id("EnabledFunction"), SelfServiceFunction.SEE_ORDERS, PRODUCT, world.actors["manager"], NOON
    )
    async with world.gateway.storage.writing() as unit:
        await unit.authorizations.enable(world.customer, world.actors["served"], enabled)
        await unit.security_events.record(NewSecurityEvent(SecurityEventKind.ALARM, NOON, customer_id=world.customer))
