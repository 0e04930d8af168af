"""Accounts that a start makes by itself."""

from gateway.api.auth.passwords import open_passwords
from gateway.ports.security import SecurityEventFilter
from gateway.usecases import parties
from gateway.usecases.core import Core


async def test_seeding_again_changes_nothing_but_a_new_password(core: Core) -> None:
    with open_passwords() as passwords:

        async def seed(demo: str) -> tuple[str, str]:
            await parties.seed_accounts(core.storage, core.clock, passwords, demo, "operator's own")
            async with core.storage.reading() as unit:
                known = await unit.accounts.credentials("demo")
            assert known is not None
            assert await passwords.is_right(demo, known.password_hash)
            return known.actor_id, known.password_hash

        first, again, changed = await seed("one secret"), await seed("one secret"), await seed("another secret")

    async with core.storage.reading() as unit:
        demo = await unit.accounts.actor(first[0])
        known = await unit.accounts.credentials("OPERATOR")
        operator = await unit.accounts.actor(known.actor_id) if known else None
        told = await unit.security_events.after(SecurityEventFilter(), 0, 10)
    assert again == first
    assert changed[0] == first[0]
    assert changed[1] != first[1]
    assert demo is not None
    assert operator is not None
    assert ([each.role for each in demo.memberships], demo.is_operator) == (["SELF_SERVICE_MANAGER"], False)
    assert (operator.memberships, operator.is_operator) == ((), True)
    household = demo.memberships[0].customer.id
    assert [(each.kind, each.customer_id, each.subject, each.params) for each in told] == [
        ("SIGNED_UP", household, demo.id, {"by": "COMMAND"}),
        ("SIGNED_UP", None, operator.id, {"by": "COMMAND"}),
        ("PASSWORD_CHANGED", household, demo.id, {"by": "COMMAND"}),
    ]
