"""Nobody reaches the inside through a provider's address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver

from gateway.contract import ContractBroken, Limits, Outbound, ProviderError, Unavailable
from gateway.kit import Answer, Area, Credentials, open_client
from gateway.kit.addresses import AddressRefused, check_address, check_options, is_public
from tests.kit.looking_up import Names
from tests.web import serving

LOCAL = Outbound((ip_network("127.0.0.1/32"),))
PUBLIC_ALONE = Outbound(())
INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",  # noqa: S104
    "100.127.255.254", "169.254.169.254", "169.254.1.1", "192.0.0.192", "168.63.129.16", "198.18.0.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.9", "::", "::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450::1"]


@dataclass
class Inside:
    """A server that nobody from outside should reach."""

    url: str = ""
    met: list[str] = field(default_factory=list)

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]


@asynccontextmanager
async def an_inside() -> AsyncIterator[Inside]:
    inside = Inside()

    async def handler(request: web.Request) -> web.Response:
        inside.met.append(f"{request.host} {request.path}")
        return web.json_response({"secret": "inside"})

    async with serving(handler) as inside.url:
        yield inside


async def asked(url: str, outbound: Outbound, names: AbstractResolver | None = None) -> object:
    limits = Limits(read_timeout_s=1, outbound=outbound)
    async with open_client("partner", limits, Credentials({"Authorization": "Bearer s3cret"}), names) as client:
        return await Area(client, "catalog", url, lambda: datetime(2026, 3, 1, tzinfo=UTC)).get("thing", Answer.row)


async def refusal(url: str, outbound: Outbound, names: AbstractResolver | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await asked(url, outbound, names)
    return caught.value


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "2130706433", "127.1"])
async def test_no_form_of_writing_the_loopback_connects(scheme: str, host: str) -> None:
    async with an_inside() as inside:
        error = await refusal(f"{scheme}://{host}:{inside.port}", PUBLIC_ALONE)

    assert isinstance(error, Unavailable)
    assert inside.met == []


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_means_the_inside_connects_to_nothing(address: str) -> None:
    error = await refusal("https://partner.test", PUBLIC_ALONE, Names([address.partition("%")[0]]))

    assert isinstance(error, Unavailable)
    assert error.detail == "the address is neither public nor in a network that is allowed"


async def test_a_name_that_means_both_the_inside_and_an_allowed_place_connects_to_the_allowed_one_alone() -> None:
    async with an_inside() as inside:
        url = f"http://partner.test:{inside.port}"

        assert await asked(url, LOCAL, Names(["10.0.0.1", "::1", "127.0.0.1"])) == {"secret": "inside"}

    assert inside.met == [f"partner.test:{inside.port} /thing"]


async def test_a_name_that_comes_to_mean_the_inside_after_it_was_checked_connects_to_nothing() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with an_inside() as inside:
        url = f"http://partner.test:{inside.port}"
        await check_address(url, LOCAL, names)

        error = await refusal(url, LOCAL, names)

    assert names.asked == ["partner.test", "partner.test"]
    assert error.detail == "the address is not in a network that is allowed: anywhere else https is expected"
    assert inside.met == []


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data", "https://127.0.0.2:1/", "http://[::1]:80/", "//10.0.0.1/x"]
)
async def test_a_redirect_to_the_inside_is_not_followed(target: str) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    async with serving(handler) as url:
        error = await refusal(url, LOCAL)

    assert type(error) is ContractBroken


async def test_without_encryption_only_allowed_networks_are_spoken_to() -> None:
    error = await refusal("http://partner.test", PUBLIC_ALONE, Names(["8.8.8.8"]))

    assert error.detail == "the address is not in a network that is allowed: anywhere else https is expected"


async def test_what_the_operator_wrote_down_itself_may_be_anywhere() -> None:
    async with an_inside() as inside:
        assert await asked(inside.url, Outbound()) == {"secret": "inside"}
        assert await asked(inside.url, Limits().outbound) == {"secret": "inside"}


@pytest.mark.parametrize("address", INSIDE)
async def test_an_address_of_the_inside_is_refused_when_it_is_registered(address: str) -> None:
    literal = address.partition("%")[0]
    written = f"[{literal}]" if ":" in literal else literal

    for url, names in ((f"https://{written}/tmf-api", Names([])), ("https://partner.test", Names([literal]))):
        with pytest.raises(AddressRefused, match=r"^the address is neither public nor in a network that is allowed$"):
            await check_address(url, PUBLIC_ALONE, names)


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("ftp://partner.test", ["8.8.8.8"]),
        ("https://user:pass@partner.test", ["8.8.8.8"]),
        ("https://", ["8.8.8.8"]),
        ("https://[::1", ["8.8.8.8"]),
        ("https://partner.test:99999", ["8.8.8.8"]),
        ("https://partner.test\0.evil.test", ["8.8.8.8"]),
        ("https://partner.test/a\r\nHost: b", ["8.8.8.8"]),
        ("http://partner.test", ["8.8.8.8"]),
        ("https://partner.test", ["8.8.8.8", "10.0.0.1"]),
        ("https://partner.test", []),
        ("https://localhost", ["127.0.0.1"]),
    ],
)
async def test_an_address_that_could_not_be_used_is_refused_when_it_is_registered(url: str, answers: list[str]) -> None:
    with pytest.raises(AddressRefused):
        await check_address(url, PUBLIC_ALONE, Names(answers))


async def test_an_address_that_can_be_used_is_taken() -> None:
    await check_address("https://partner.test/tmf-api", PUBLIC_ALONE, Names(["8.8.8.8", "2606:4700::1111"]))
    await check_address("http://127.0.0.1:8001/tmf-api", LOCAL)
    await check_address("http://anything.inside", Outbound())


@pytest.mark.parametrize(
    "hidden",
    [
        {"paths": {"ordering": "https://10.0.0.1/orders"}},
        {"credentials": {"oauth_client": {"token_url": " https://169.254.169.254/token"}}},
        {"servers": [{"deep": [["http://8.8.8.8"]]}]},
        {"servers": [f"https://8.8.8.8/{number}" for number in range(21)]},
        {"url": "HTTPS://[::1]/"},
        {"url": "gopher://8.8.8.8/"},
    ],
)
async def test_an_address_anywhere_in_a_registration_is_checked(hidden: dict[str, object]) -> None:
    fine = {"url": "https://8.8.8.8/tmf-api", "page_size": 5, "paths": {"billing": None, "catalog": "/v4"}}
    await check_options(fine, PUBLIC_ALONE)

    with pytest.raises(AddressRefused):
        await check_options({**fine, **hidden}, PUBLIC_ALONE)


async def test_a_refusal_names_neither_the_address_nor_the_credentials(caplog: pytest.LogCaptureFixture) -> None:
    error = await refusal("https://partner.test", PUBLIC_ALONE, Names(["10.11.12.13"]))

    assert caplog.messages == ["address-refused provider=partner host=partner.test"]
    assert "10.11.12.13" not in f"{error!r} {error} {caplog.text}"
    assert "s3cret" not in f"{error!r} {error} {caplog.text}"
