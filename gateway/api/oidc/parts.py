"""What signing in by the issuer goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.usecases.single_sign_on import FirstSignIn


@dataclass(frozen=True, slots=True)
class OperatorClaim:
    """The claim whose value makes an operator: a name, or a path of names with dots between them."""

    path: str
    value: str

    def is_in(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claim is that text, or a list with it."""
        found: Any = claims
        # A claim's name may have dots itself, as those that are addresses.
        for name in [self.path] if self.path in claims else self.path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found == self.value or (isinstance(found, list) and self.value in found)


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """`issuer` exactly as it calls itself; `callback` and `home` are the gateway's own addresses.

    `audience` is what its access tokens for service clients must name, None for a gateway that takes none.
    `return_addresses` are those of apps, exactly; `origins` those whose pages may be returned to.
    """

    issuer: str
    client_id: str
    callback: str
    home: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid profile email"
    audience: str | None = None
    operator: OperatorClaim | None = None
    first: FirstSignIn = FirstSignIn.CUSTOMER
    origins: frozenset[str] = frozenset()
    return_addresses: frozenset[str] = frozenset()
