"""What a provider posts counts once, wakes who waits for it, and is never more than a hint."""

from dataclasses import replace

import orjson
import pytest

from gateway.contract import EventProof, Post, Proven
from gateway.federation.posts import Posts, Receipt
from gateway.federation.signals import MOST
from gateway.kit.webhooks import HmacProof, sign_hmac
from gateway.storage import MemoryWakeUps
from tests.federation.scripted import Fixed, HandClock, Scripted

KEY = b"k" * 32
BODY = orjson.dumps({"kind": "ORDER", "ref": "o1"})
POST = Post("https://gateway.test/providers/nord/events/secret", {}, BODY)


class Broken:
    """A proof whose author has made a mistake."""

    def check(self, post: Post) -> Proven | None:
        raise KeyError(post.headers["nothing"])


class Desk:
    """Posts of one provider, and its clock."""

    def __init__(self, proof: EventProof | None = None, remembered: int = 100) -> None:
        self.clock, self.wakeups = HandClock(), MemoryWakeUps()
        proof = HmacProof(KEY, self.clock.now) if proof is None else proof
        directory = Fixed(self.clock, Scripted("nord", event_proof=proof), Scripted("syd"))
        self.posts = Posts(directory, self.wakeups, self.clock, remembered)

    def signed(self, post_id: str = "1", body: bytes = BODY) -> Post:
        return replace(POST, headers=sign_hmac(KEY, body, post_id, self.clock.now()), body=body)

    async def receipts(self, *posts: Post) -> list[Receipt]:
        return [await self.posts.receive("nord", each) for each in posts]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_post_that_is_proven_wakes_who_waits_for_its_order(desk: Desk) -> None:
    with desk.wakeups.listen("provider-order:nord:o1") as waiter:
        assert await desk.receipts(POST, replace(desk.signed(), body=BODY + b" ")) == [Receipt.UNPROVEN] * 2
        assert not await waiter.wait(0)

        assert await desk.receipts(desk.signed()) == [Receipt.TAKEN]
        assert await waiter.wait(0)


async def test_a_post_that_is_repeated_wakes_nobody_and_one_that_is_signed_again_is_harmless(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    first = desk.signed()
    await desk.receipts(first)
    with desk.wakeups.listen("provider-order:nord:o1") as waiter:
        assert await desk.receipts(first) == [Receipt.REPEATED]
        assert not await waiter.wait(0)

        desk.clock.forward(1)
        assert await desk.receipts(desk.signed(), desk.signed("2")) == [Receipt.TAKEN] * 2
    assert caplog.messages == ["post-refused provider=nord receipt=REPEATED"]


async def test_a_repeated_post_is_refused_for_as_long_as_its_proof_would_count(desk: Desk) -> None:
    first = desk.signed()
    await desk.receipts(first)
    desk.clock.forward(299.5)
    assert await desk.receipts(first) == [Receipt.REPEATED]
    desk.clock.forward(0.5)
    assert await desk.receipts(first) == [Receipt.UNPROVEN]


async def test_what_is_remembered_has_a_bound_and_room_again_once_proofs_are_over() -> None:
    desk = Desk(remembered=2)
    posts = [desk.signed(each) for each in "123"]

    assert await desk.receipts(*posts) == [Receipt.TAKEN, Receipt.TAKEN, Receipt.TOO_MANY]

    desk.clock.forward(300)
    assert await desk.receipts(desk.signed("4")) == [Receipt.TAKEN]


async def test_a_post_by_a_key_is_about_the_providers_own_order_alone(desk: Desk) -> None:
    body = orjson.dumps({"kind": "ORDER", "key": "order/1/place/1"})
    with (
        desk.wakeups.listen("provider-key:nord:order/1/place/1") as own,
        desk.wakeups.listen("provider-key:syd:order/1/place/1") as anothers,
    ):
        assert await desk.receipts(desk.signed(body=body)) == [Receipt.TAKEN]

        assert [await each.wait(0) for each in (own, anothers)] == [True, False]


async def test_of_a_post_about_very_many_orders_the_first_are_looked_at(desk: Desk) -> None:
    body = orjson.dumps({"kind": "ORDER", "refs": [f"o{number}" for number in range(MOST + 1)]})
    names = [f"provider-order:nord:o{number}" for number in (MOST - 1, MOST)]
    with desk.wakeups.listen(names[0]) as within, desk.wakeups.listen(names[1]) as beyond:
        assert await desk.receipts(desk.signed(body=body)) == [Receipt.TAKEN]

        assert [await each.wait(0) for each in (within, beyond)] == [True, False]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 50_000, b'{"kind": "WEATHER"}', b'{"kind": 1}'])
async def test_what_makes_no_sense_is_malformed_though_it_is_proven(desk: Desk, body: bytes) -> None:
    assert await desk.receipts(desk.signed("9", body)) == [Receipt.MALFORMED]


async def test_a_mistake_in_an_adapters_proof_lets_nothing_pass(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Broken())
    with desk.wakeups.listen("provider-order:nord:o1") as waiter:
        assert await desk.receipts(desk.signed()) == [Receipt.MALFORMED]
        assert not await waiter.wait(0)
    assert "leaked KeyError" in caplog.text


async def test_without_a_proof_the_address_is_enough_and_an_unknown_provider_has_none(desk: Desk) -> None:
    assert await desk.posts.receive("syd", POST) is Receipt.TAKEN
    assert await desk.posts.receive("syd", POST) is Receipt.TAKEN
    assert await desk.posts.receive("vest", POST) is Receipt.UNKNOWN
