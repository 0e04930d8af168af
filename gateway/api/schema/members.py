"""Who acts for a customer, and who was invited to."""

from datetime import datetime

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field_of, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.api.schema.weights import Weight
from gateway.domain import members, parties

enum_type(
    members.InvitationState,
    "Where an invitation stands. Clients must expect new values.",
    PENDING="It waits to be accepted.",
    ACCEPTED="Somebody is a member by it.",
    WITHDRAWN="A manager took it back, or the customer was closed.",
    EXPIRED="Its time is over.",
)


@object_type(members.Member)
class Member(Node):
    """Somebody who acts for a customer. A manager sees every member; others see themselves and the managers."""

    actor: parties.Actor = doc("Who it is.")
    role: parties.MemberRole = doc("What the person is to the customer.")
    since: datetime = doc("Since when the person has been a member; earlier than any change of role.")

    @field_of(weight=Weight.STORE, size=5, batched=True)
    async def authorizations(self: members.Member, info: Info) -> list[parties.Authorization] | None:
        """What the member may do, at most 100; null for who is neither the member nor a manager."""
        return await info.context.loaders.authorizations(self)

    @field_of(weight=Weight.STORE, size=5, batched=True)
    async def enabled_functions(self: members.Member, info: Info) -> list[parties.EnabledFunction] | None:
        """What was enabled for the member, at most 100, also what does not count just now; null as `authorizations`."""
        return await info.context.loaders.enabled_functions(self)


@object_type(members.Invitation)
class Invitation(Node):
    """An invitation to become a member. Seen by the customer's managers alone."""

    role: parties.MemberRole = doc("What the person will be to the customer.")
    email: str | None = doc("The address of the account that alone may accept it; null where any may.")
    created_at: datetime = doc("When it was made.")
    expires_at: datetime = doc("Until when it can be accepted.")
    ended_at: datetime | None = doc("When it was accepted or withdrawn; null where neither happened.")
    accepted_by: strawberry.ID | None = doc("The id of the actor who accepted it.")

    @field_of()
    def state(self: members.Invitation, info: Info) -> members.InvitationState:
        """Where it stands now."""
        return self.state_at(info.context.core.clock.now())


MemberConnection = connection(members.Member, "Member")
InvitationConnection = connection(members.Invitation, "Invitation")
