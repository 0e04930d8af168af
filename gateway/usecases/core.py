"""What every use case is given: the composition that `gateway.app` makes once."""

from dataclasses import dataclass, field
from datetime import timedelta

from gateway.federation.directory import Directory, Offerings
from gateway.ports import Clock, Storage, WakeUps
from gateway.ports.executors import Executors
from gateway.usecases.actors import Actors, Standings
from gateway.usecases.alarms import Alarms
from gateway.usecases.feeds import EventFeed
from gateway.usecases.onboarding import Onboarding
from gateway.usecases.qualification_cache import QualificationCache
from gateway.usecases.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of what a customer may keep and ask for."""

    bundle_items: int = 50
    bundle_lifetime: timedelta = timedelta(days=30)
    item_quantity: int = 100
    field_value_length: int = 1000
    qualification_offerings: int = 50
    provider_registrations: int = 100


@dataclass(frozen=True, slots=True)
class Core:
    """The parts behind every use case."""

    storage: Storage
    directory: Directory
    offerings: Offerings
    wakeups: WakeUps
    clock: Clock
    bounds: Bounds = Bounds()
    qualifications: QualificationCache = field(default_factory=QualificationCache)
    alarms: Alarms = field(default_factory=Alarms)
    onboarding: Onboarding = field(default_factory=Onboarding)
    executors: Executors | None = None
    refusals: Refusals = field(default_factory=Refusals)
    feed: EventFeed = field(init=False)
    actors: Actors = field(init=False)
    standings: Standings = field(init=False)

    def __post_init__(self) -> None:
        """One of each a process: every subscriber of a topic shares its reader, every request the same actors."""
        object.__setattr__(self, "feed", EventFeed(self.wakeups))
        object.__setattr__(self, "actors", Actors(self))
        object.__setattr__(self, "standings", Standings(self.actors, self.wakeups))
