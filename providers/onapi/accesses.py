"""The network's accesses by address. Source: ON-API 2.6, accesses."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.contract import Address
from gateway.kit import Area
from providers.onapi.changes import ChangingList
from providers.onapi.context import Reading
from providers.onapi.reading import Row, is_id, moment, text

# Where nobody lives or works.
NO_HOMES = frozenset({"MDU_COMMON", "MDU_TECHNICAL", "PUBLIC"})
_NUMBERED = re.compile(r"(?P<street>.*\D)\s+(?P<number>\d+(-\d+)?\s*[a-z]?)")
_NUMBER = re.compile(r"(?P<number>\d+(-\d+)?)\s*(?P<littera>.*)")
_UNIT_WORD = re.compile(r"^(lgh|lägenhet|apt|apartment|outlet|uttag)\.?\s*")
AddressKey = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Access:
    """One outlet. `apartment` and `distinguisher` tell the apartments of one address apart."""

    id: str
    state: str
    premises: str
    apartment: str
    distinguisher: str
    outlet: str
    connection: datetime | None

    @property
    def dwelling(self) -> tuple[str, str]:
        """The same for the outlets of one apartment, or of one house."""
        return self.apartment, self.distinguisher


class AccessBook:
    """All accesses, kept up to date by what changed."""

    def __init__(self, reading: Reading) -> None:
        self._zone = reading.options.time_zone
        self._list = ChangingList("accesses/", reading.now, self._take, self._clear)
        self._at: dict[AddressKey, dict[str, Access]] = {}
        self._keys: dict[str, AddressKey] = {}

    async def at(self, address: Address, area: Area) -> Sequence[Access]:
        """Those at the address, in the order of their outlets; of the unit, where it names one that is there.

        Raises: Unavailable, ContractBroken.
        """
        await self._list.catch_up(area)
        found = self._at.get(_key_of_address(address), {}).values()
        return tuple(sorted(_of_unit(found, _unit(address.unit)), key=lambda each: (each.outlet, each.id)))

    def _clear(self) -> None:
        self._at.clear()
        self._keys.clear()

    def _take(self, row: Row) -> None:
        """One without an ID can't be ordered: it is left out."""
        access_id = text(row, "accessId") or ""
        if not is_id(access_id):
            return
        earlier = self._keys.pop(access_id, None)
        if earlier is not None:
            self._at[earlier].pop(access_id, None)
            if not self._at[earlier]:
                del self._at[earlier]
        key = _key_of_row(row)
        self._keys[access_id] = key
        self._at.setdefault(key, {})[access_id] = Access(
            id=access_id,
            state=(text(row, "accessState") or "").upper(),
            premises=(text(row, "premisesType") or "").upper(),
            apartment=_unit(text(row, "mduApartmentNumber")),
            distinguisher=_unit(text(row, "mduDistinguisher")),
            outlet=_unit(text(row, "outlet")),
            connection=moment(row, "connectionDateTime", self._zone),
        )


def _of_unit(accesses: Iterable[Access], unit: str) -> Sequence[Access]:
    """A house has no units that the network knows: there the unit says nothing."""
    found = [each for each in accesses if unit and unit in (each.apartment, each.distinguisher, each.outlet)]
    if found:
        return found
    homes = [each for each in accesses if each.premises not in NO_HOMES]
    has_units = any(each.apartment or each.distinguisher for each in homes)
    return [] if unit and has_units else homes


def _key_of_row(row: Row) -> AddressKey:
    number, littera = (text(row, name) or "" for name in ("streetNumber", "streetLittera"))
    return _key(
        text(row, "countryCode") or "", text(row, "postalCode") or "", text(row, "streetName") or "", number, littera
    )


def _key_of_address(address: Address) -> AddressKey:
    """The number may stand in the street's line, and its letter in the number."""
    street, given = address.street, address.house_number or ""
    if not given and (found := _NUMBERED.fullmatch(_plain(street))) is not None:
        street, given = found["street"], found["number"]
    parted = _NUMBER.fullmatch(_plain(given))
    number, littera = (parted["number"], parted["littera"]) if parted else (given, "")
    return _key(address.country, address.postcode, street, number, littera)


def _key(country: str, postcode: str, street: str, number: str, littera: str) -> AddressKey:
    return (country.upper(), postcode.replace(" ", ""), _plain(street), _plain(number), _plain(littera))


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def _unit(words: str | None) -> str:
    return _UNIT_WORD.sub("", _plain(words or ""))
