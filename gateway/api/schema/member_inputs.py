"""What the mutations of members and invitations are given."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from gateway.api.schema.declaring import ONLY_CUSTOMER, doc
from gateway.domain.parties import MemberRole


@strawberry.input(description="Whom to invite.")
class InviteMemberInput:
    """As what, and until when."""

    role: MemberRole = doc("What the new member will be.")
    idempotency_key: str = doc(
        "1 to 200 characters of the client's own. The same key and input answer the same invitation, without its token."
    )
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description=ONLY_CUSTOMER)
    email: str | None = strawberry.field(
        default=UNSET,
        description="Only an account of this address may accept it; any where left out. It keeps a link that went "
        "astray from use, and proves nothing: the gateway sends no mail.",
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="Until when it can be accepted, at most 30 days ahead; 7 days where left out."
    )


@strawberry.input(description="Which invitation to take back.")
class WithdrawInvitationInput:
    """By its id."""

    invitation_id: strawberry.ID = doc("The invitation.")


@strawberry.input(description="Which invitation to accept.")
class AcceptInvitationInput:
    """By its token."""

    token: str = doc("The secret of its link.")


@strawberry.input(description="What a member is from now on.")
class ChangeMemberRoleInput:
    """Who, and what."""

    member_id: strawberry.ID = doc("The member.")
    role: MemberRole = doc("The new role. The authorizations that came with the old one end.")


@strawberry.input(description="Which member to remove.")
class RemoveMemberInput:
    """By its id."""

    member_id: strawberry.ID = doc("The member.")


@strawberry.input(description="Which customer to leave.")
class LeaveCustomerInput:
    """By its id."""

    customer_id: strawberry.ID = doc("The customer.")


@strawberry.input(description="To whom to hand over, and what to become.")
class HandOverManagementInput:
    """Both happen, or neither."""

    member_id: strawberry.ID = doc("The member who becomes manager.")
    own_role: MemberRole | None = strawberry.field(
        default=MemberRole.AUTHORIZED_USER,
        description="What the caller is from then on: anything but manager. Who wants to go leaves afterwards.",
    )


@strawberry.input(description="Which customer's account to close.")
class CloseCustomerInput:
    """By its id."""

    customer_id: strawberry.ID = doc("The customer.")
