"""Opens a network operator: what it serves, and the timers of its orders."""

import asyncio
from collections.abc import Mapping

from providers.simulator.market import OperatorEntry
from providers.simulator.onapi import delivery, placing
from providers.simulator.onapi.application import application
from providers.simulator.onapi.desk import BASE, USERNAME, NetworkDesk, password_of
from providers.simulator.onapi.network import open_network_file
from providers.simulator.opened import Opened
from providers.simulator.scheduler import Action, Scheduler
from providers.simulator.settings import Settings
from providers.simulator.storage.store import Store

ACTIONS: Mapping[str, Action[NetworkDesk]] = {placing.START: delivery.start, placing.FINISH: delivery.finish}


def open_network(entry: OperatorEntry, settings: Settings) -> Opened:
    """The operator with its state of that folder; what is told of it has the credentials."""
    password = settings.network_password or password_of(settings.data, entry.slug)
    store = Store(settings.data / f"{entry.slug}.sqlite")
    desk = NetworkDesk(entry, settings, store, network=open_network_file(), password=password)
    basic = {"username": USERNAME, "password": password}
    return Opened(
        base=BASE,
        application=application(desk),
        store=store,
        begin=lambda: asyncio.sleep(0),
        works=lambda: (Scheduler(desk, ACTIONS).run(),),
        told={"speaks": entry.speaks, "credentials": {"basic": basic}},
    )
