"""What an author declares to the conformance suite: the provider, what can be ordered of it, and where it deviates."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gateway.contract import Address, Limits, Place, ProviderProfile, ProviderRole, own_id

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]


class NotDeclared(ValueError):
    """The file can't be used; the text has a line for each thing that is wrong, never a value of it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeclaredPlace(_Part):
    """A postal address."""

    street: str
    postcode: str
    city: str
    country: str
    house_number: str | None = None
    unit: str | None = None

    @property
    def place(self) -> Place:
        """The place at that address."""
        return Place(Address(**self.model_dump()))


class StateFields(_Part):
    """By which name the provider's JSON says the state of each, for states that nobody knows yet."""

    order: str | None = None
    product: str | None = None
    bill: str | None = None


class DeclaredLimits(_Part):
    """The limits that differ from the gateway's own, in seconds."""

    read_timeout_s: float | None = None
    snapshot_timeout_s: float | None = None
    change_timeout_s: float | None = None


class Conformance(_Part):
    """What the checks can't find out by asking. Orders are placed only where `changes` allows it."""

    changes: bool = False
    offering: str | None = None
    values: dict[str, list[str]] = Field(default_factory=dict)
    delivers_at: DeclaredPlace | None = None
    does_not_deliver_at: DeclaredPlace | None = None
    party: str | None = None
    delivery_s: float = Field(30.0, gt=0)
    url: str = "url"
    page_size: str | None = None
    offerings: int | None = Field(None, ge=1)
    secrets: tuple[str, ...] = ()
    state_fields: StateFields = StateFields()
    deviations: dict[str, Reason] = Field(default_factory=dict)


class Declared(_Part):
    """A provider as the gateway's file of providers has it, with the section `conformance`."""

    slug: str = Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")
    name: str
    roles: tuple[ProviderRole, ...] = Field(min_length=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    limits: DeclaredLimits = DeclaredLimits()
    conformance: Conformance = Conformance()

    @property
    def profile(self) -> ProviderProfile:
        """Its public face."""
        return ProviderProfile(own_id("Provider", self.slug), self.slug, self.name, self.roles)

    @property
    def bounds(self) -> Limits:
        """What bounds its calls."""
        return Limits(**self.limits.model_dump(exclude_none=True))


def read_declared(path: Path) -> Declared:
    """Reads a YAML, JSON or TOML file. Raises: NotDeclared."""
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        return Declared.model_validate(content)
    except OSError as error:
        raise NotDeclared(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        raise NotDeclared("\n".join(f"{path}: {line}" for line in lines)) from None
    except (ValueError, yaml.YAMLError) as error:
        raise NotDeclared(f"{path}: {' '.join(str(error).split())}") from None


def option_at(options: Mapping[str, Any], path: str) -> Any:
    """The option at a path such as `credentials.bearer_token`, None where there is none."""
    found: Any = options
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def with_option(options: Mapping[str, Any], path: str, value: Any) -> Mapping[str, Any]:
    """The same options with another one at that path."""
    name, _, rest = path.partition(".")
    inner = options.get(name)
    below = with_option(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value
    return {**options, name: below}
