"""A person's sessions, and what ends them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument, doc, object_type
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.domain import sessions
from gateway.usecases import own_sessions
from gateway.usecases.policy import Access


@object_type(sessions.OwnSession)
class Session(Node):
    """A device that is signed in. Its id is no secret: nobody gets in by it. Seen by that person alone."""

    device: str | None = doc("The device's short name, as it named itself, such as Firefox on Windows; null for none.")
    address: str | None = doc("The network address that it signed in from; null where it is not known.")
    created_at: datetime = doc("When it signed in.")
    last_used_at: datetime = doc("When it last asked for something, to the minute.")
    is_current: bool = doc("Whether it is the one that asks.")


SessionConnection = connection(sessions.OwnSession, "Session")

EndSessionErrors = UserErrors("EndSession", "NOT_FOUND")
EndOtherSessionsErrors = UserErrors("EndOtherSessions", "NOT_FOUND", "TOO_MANY_IDS")
EndSessionPayload = payload("EndSession", EndSessionErrors, session=(sessions.OwnSession, "The session that ended."))
EndOtherSessionsPayload = payload(
    "EndOtherSessions", EndOtherSessionsErrors, ended_count=(int, "How many sessions ended.")
)


@strawberry.input(description="Which session ends.")
class EndSessionInput:
    """By its id."""

    session_id: strawberry.ID = doc("The session.")


@strawberry.input(description="Which sessions go on.")
class EndOtherSessionsInput:
    """The present one always does."""

    keep_session_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET,
        description="Sessions that go on beside the present one, at most 100; none where left out.",
    )


@strawberry.type
class SessionMutations:
    """The mutations of one's own sessions."""

    @mutation(Access.SIGNED_IN, EndSessionPayload, EndSessionErrors)
    async def end_session(self, info: Info, input: Annotated[EndSessionInput, argument("Which session.")]) -> Any:
        """Ends one of the viewer's own sessions, the present one too: its tokens are refused, its streams end."""
        context = info.context
        return EndSessionPayload(session=await own_sessions.end_session(context.core, context.caller, input.session_id))

    @mutation(Access.SIGNED_IN, EndOtherSessionsPayload, EndOtherSessionsErrors)
    async def end_other_sessions(
        self, info: Info, input: Annotated[EndOtherSessionsInput, argument("Which go on.")]
    ) -> Any:
        """Ends all of the viewer's own sessions but the present one. Again is harmless."""
        context = info.context
        kept = input.keep_session_ids or []
        return EndOtherSessionsPayload(
            ended_count=await own_sessions.end_other_sessions(context.core, context.caller, kept)
        )
