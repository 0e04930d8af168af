"""What a device is called: two words out of all that its browser says of itself."""

import ua_parser
from starlette.requests import HTTPConnection

from gateway.domain.sessions import Device

NAME_LIMIT = 60
# Longer ones come from nobody's browser.
_READ_LIMIT = 400


def device_of(connection: HTTPConnection, address: str) -> Device:
    """The device at the other end, by its User-Agent."""
    return Device(device_name(connection.headers.get("user-agent", "")), address or None)


def device_name(user_agent: str) -> str | None:
    """Such as `Firefox on Windows`; None where it can't be told."""
    found = ua_parser.parse(user_agent[:_READ_LIMIT])
    program = found.user_agent.family if found.user_agent else None
    machine = found.device.family if found.device and found.device.brand else None
    system = machine or (found.os.family if found.os else None)
    name = " on ".join(each for each in (program, system) if each)
    readable = "".join(each for each in name if each.isprintable())
    return readable[:NAME_LIMIT] or None
