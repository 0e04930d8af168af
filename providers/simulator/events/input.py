"""What may be sent to a hub. Source: TMF630 v4, `EventSubscriptionInput`."""

from providers.simulator.web.bodies import Input


class SubscriptionInput(Input):
    """Where the events go, and which."""

    callback: str
    query: str | None = None
