"""The gateway's adapter for Bergby Fibre: plans are offerings, jobs are orders, lines are products."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import gateway.contract as it
from gateway.kit import Answer, Area, HttpClient, Options, open_client, read_credentials

STATES = {"done": it.OrderItemState.COMPLETED, "stopped": it.OrderItemState.CANCELLED}
STATUSES = {"ordered": it.ProductStatus.CREATED, "on": it.ProductStatus.ACTIVE, "off": it.ProductStatus.TERMINATED}
VERDICTS = {"yes": it.QualificationResult.QUALIFIED, "no": it.QualificationResult.UNQUALIFIED}
TOO_LATE = frozenset({409})


@dataclass(frozen=True)
class Bergby:
    """All that it can do; each method keeps to the docstring of its Protocol in `gateway.contract`."""

    client: HttpClient
    url: str
    settings: it.ProviderSettings

    async def snapshot(self, known_version: str | None) -> it.CatalogSnapshot | None:
        rows: list[Any] = []
        more: str | None = ""
        while more is not None:
            page = await self._area("catalog").get("plans", Answer.row, {"after": more})
            rows, more = [*rows, *page["plans"]], page["more"]
        version = sha256(repr(rows).encode()).hexdigest()
        offerings = tuple(map(self._offering, rows))
        found = it.CatalogSnapshot(self.settings.profile.slug, version, self.settings.now(), offerings)
        return None if version == known_version else found

    async def offering(self, ref: str) -> it.ProductOffering | None:
        return await self._area("catalog").find(f"plans/{quote(ref, '')}", lambda answer: self._offering(answer.row()))

    async def qualify(self, refs: Sequence[str], place: it.Place) -> Sequence[it.OfferingQualification]:
        page = await self._area("qualification").get("coverage", Answer.row, {"postcode": place.address.postcode})
        return tuple(self._verdict(ref, page["plans"].get(ref, "")) for ref in refs)

    async def place(self, request: it.OrderRequest) -> it.ProviderOrder:
        postcode = request.place.address.postcode if request.place else ""
        job = {"kind": "install", "plan": request.offering_ref, "customer": request.party, "postcode": postcode}
        return await self._area("ordering").send("jobs", {"id": request.key, **job}, _order)

    async def find(self, key: str) -> it.ProviderOrder | None:
        return await self._area("ordering").find(f"jobs/{quote(key, '')}", _order)

    async def track(self, ref: str) -> it.ProviderOrder:
        return await self._area("ordering").get(f"jobs/{quote(ref, '')}", _order)

    async def cancel(self, ref: str, key: str, reason: str | None) -> it.ProviderCancellation:
        return await self._area("ordering").send(f"jobs/{quote(ref, '')}/stop", {}, _cancellation, also=TOO_LATE)

    async def cancellation(self, ref: str) -> it.ProviderCancellation | None:
        is_stopped = (await self.track(ref)).state is it.OrderItemState.CANCELLED
        return it.ProviderCancellation(None, it.CancellationState.DONE) if is_stopped else None

    async def terminate(self, product_ref: str, key: str, party: str) -> it.ProviderOrder:
        return await self._area("ordering").send("jobs", {"id": key, "kind": "remove", "line": product_ref}, _order)

    async def product(self, ref: str) -> it.Product | None:
        return await self._area("inventory").find(f"lines/{quote(ref, '')}", lambda answer: self._product(answer.row()))

    async def products(self, party: str) -> Sequence[it.Product]:
        page = await self._area("inventory").get("lines", Answer.row, {"customer": party})
        return [self._product(row) for row in page["lines"]]

    def _area(self, capability: str) -> Area:
        return Area(self.client, capability, self.url, self.settings.now)

    def _id(self, kind: str, ref: str) -> str:
        return it.provider_id(kind, self.settings.profile.slug, ref)

    def _verdict(self, ref: str, said: str) -> it.OfferingQualification:
        result = VERDICTS.get(said, it.QualificationResult.UNDETERMINED)
        reasons = (it.QualificationReason("NO_FIBRE"),) if said == "no" else ()
        return it.OfferingQualification(self._id("ProductOffering", ref), result, reasons)

    def _offering(self, row: Mapping[str, Any]) -> it.ProductOffering:
        ref, name, profile = str(row["code"]), str(row["name"]), self.settings.profile
        kronor = it.Money(Decimal(str(row["monthly"])), "SEK")
        price = it.RecurringPrice(id=self._id("Price", ref), name="Monthly", amount=kronor, period="P1M")
        return it.ProductOffering(
            self._id("ProductOffering", ref), ref, profile, name, profile.roles[0], prices=(price,),
            categories=(it.Category(it.own_id("Category", "broadband"), "broadband", "Broadband"),),
            characteristics=(it.Characteristic("downstreamBandwidth", "Speed", (str(row["mbit"]),), "Mbit/s"),),
            search_text=f"{name} broadband".lower(),
        )  # fmt: skip

    def _product(self, row: Mapping[str, Any]) -> it.Product:
        ref, since = str(row["number"]), row["since"]
        status = STATUSES.get(row["state"], it.ProductStatus.UNKNOWN)
        return it.Product(
            self._id("Product", ref), ref, self.settings.profile, "Fibre line", self.settings.profile.roles[0], status,
            row["state"], row["customer"], self._id("ProductOffering", row["plan"]),
            datetime.fromisoformat(since) if since else None, order_refs=(row["job"],),
        )  # fmt: skip


def _order(answer: Answer) -> it.ProviderOrder:
    row = answer.row()
    state, due = STATES.get(row["state"], it.OrderItemState.IN_PROGRESS), datetime.fromisoformat(row["due"])
    return it.ProviderOrder(row["id"], row["id"], state, row["state"], row["line"], due)


def _cancellation(answer: Answer) -> it.ProviderCancellation:
    if answer.status not in TOO_LATE:
        return it.ProviderCancellation(None, it.CancellationState.DONE)
    return it.ProviderCancellation(None, it.CancellationState.REFUSED, answer.row()["code"], answer.row()["message"])


@asynccontextmanager
async def connect(settings: it.ProviderSettings) -> AsyncIterator[it.Provider]:
    """Opens connections on entry, and closes them on exit; nothing is sent yet."""
    options = Options(settings.options, settings.profile.slug)
    url, credentials = options.required_text("url"), read_credentials(options.section("credentials"))
    options.end()
    async with open_client(settings.profile.slug, settings.limits, credentials) as client:
        bergby = Bergby(client, url, settings)
        yield it.Provider(
            settings.profile, catalog=bergby, qualification=bergby, ordering=bergby, inventory=bergby,
            honours_keys=True, settles_after_s=5.0,
        )  # fmt: skip
