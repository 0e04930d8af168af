"""Who acts for a customer: invited, changed, removed, left, handed over. All counts at once."""

import dataclasses
from typing import Annotated, Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.access import mutation
from gateway.api.schema.declaring import argument
from gateway.api.schema.errors import UserErrors, payload
from gateway.api.schema.member_inputs import (
    AcceptInvitationInput,
    ChangeMemberRoleInput,
    HandOverManagementInput,
    InviteMemberInput,
    LeaveCustomerInput,
    RemoveMemberInput,
    WithdrawInvitationInput,
)
from gateway.domain.members import Invitation, Member
from gateway.domain.parties import Customer, MemberRole
from gateway.usecases import invitations, members
from gateway.usecases.policy import Access

_KEY = ("IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REUSED")
InviteMemberErrors = UserErrors(
    "InviteMember", "NOT_FOUND", "CUSTOMER_REQUIRED", "INVALID_FORMAT", "TOO_SHORT", "TOO_LONG", "INVALID_PERIOD",
    "TOO_MANY_INVITATIONS", *_KEY,
)  # fmt: skip
WithdrawInvitationErrors = UserErrors("WithdrawInvitation", "NOT_FOUND", "INVITATION_ACCEPTED")
AcceptInvitationErrors = UserErrors(
    "AcceptInvitation", "INVITATION_INVALID", "ALREADY_MEMBER", "TOO_MANY_MEMBERSHIPS", "RATE_LIMITED"
)
ChangeMemberRoleErrors = UserErrors("ChangeMemberRole", "NOT_FOUND", "LAST_MANAGER")
RemoveMemberErrors = UserErrors("RemoveMember", "NOT_FOUND", "LAST_MANAGER")
LeaveCustomerErrors = UserErrors("LeaveCustomer", "NOT_FOUND", "LAST_MANAGER")
HandOverManagementErrors = UserErrors("HandOverManagement", "NOT_FOUND", "OWN_MEMBERSHIP", "NOT_LOWER")

_INVITATION = (Invitation, "The invitation as it is now.")
_MEMBER = (Member, "The member as it is now.")
InviteMemberPayload = payload(
    "InviteMember",
    InviteMemberErrors,
    invitation=_INVITATION,
    token=(
        str,
        "The secret for the invitation's link: shown here once, and never again. Null where the key was used before: "
        "who lost it withdraws the invitation and makes another.",
    ),
)
WithdrawInvitationPayload = payload("WithdrawInvitation", WithdrawInvitationErrors, invitation=_INVITATION)
AcceptInvitationPayload = payload(
    "AcceptInvitation", AcceptInvitationErrors, member=_MEMBER, customer=(Customer, "The customer that is joined.")
)
ChangeMemberRolePayload = payload("ChangeMemberRole", ChangeMemberRoleErrors, member=_MEMBER)
RemoveMemberPayload = payload(
    "RemoveMember", RemoveMemberErrors, removed_member_id=(strawberry.ID, "The id of the member that was removed.")
)
LeaveCustomerPayload = payload(
    "LeaveCustomer", LeaveCustomerErrors, left_customer_id=(strawberry.ID, "The id of the customer that was left.")
)
HandOverManagementPayload = payload(
    "HandOverManagement",
    HandOverManagementErrors,
    manager=(Member, "The new manager."),
    member=(Member, "The caller as a member now."),
)


@strawberry.type
class MemberMutations:
    """The mutations of members and invitations."""

    @mutation(Access.MANAGER, InviteMemberPayload, InviteMemberErrors)
    async def invite_member(self, info: Info, input: Annotated[InviteMemberInput, argument("Whom to invite.")]) -> Any:
        """Makes an invitation; its token goes to the invited, by whatever way the manager chooses."""
        # An empty address is a wrong one, and not an invitation for everybody.
        email = None if input.email is strawberry.UNSET else input.email
        given = invitations.InviteMember(
            input.role, input.idempotency_key, input.customer_id or None, email, input.expires_at or None
        )
        made, token = await invitations.invite_member(info.context.core, info.context.caller, given)
        return InviteMemberPayload(invitation=made, token=token)

    @mutation(Access.MANAGER, WithdrawInvitationPayload, WithdrawInvitationErrors)
    async def withdraw_invitation(
        self, info: Info, input: Annotated[WithdrawInvitationInput, argument("Which one.")]
    ) -> Any:
        """Takes an invitation back; again is harmless."""
        context = info.context
        ended = await invitations.withdraw_invitation(context.core, context.caller, input.invitation_id)
        return WithdrawInvitationPayload(invitation=ended)

    @mutation(Access.SIGNED_IN, AcceptInvitationPayload, AcceptInvitationErrors)
    async def accept_invitation(
        self, info: Info, input: Annotated[AcceptInvitationInput, argument("Which one.")]
    ) -> Any:
        """Joins the customer that invited. A token that is not good looks the same whatever the reason."""
        context = info.context
        member, actor = await invitations.accept_invitation(context.core, context.attempts, context.caller, input.token)
        # What is selected of the customer is seen with the new membership.
        context.caller = dataclasses.replace(context.caller, actor=actor)
        joined = context.caller.membership(member.customer_id)
        shown = members.seen_by(context.caller, member)
        return AcceptInvitationPayload(member=shown, customer=joined.customer if joined else None)

    @mutation(Access.MANAGER, ChangeMemberRolePayload, ChangeMemberRoleErrors)
    async def change_member_role(
        self, info: Info, input: Annotated[ChangeMemberRoleInput, argument("Who, and what.")]
    ) -> Any:
        """Gives a member another role. It counts at once, on open streams too."""
        context = info.context
        changed = await members.change_member_role(context.core, context.caller, input.member_id, input.role)
        return ChangeMemberRolePayload(member=changed)

    @mutation(Access.MANAGER, RemoveMemberPayload, RemoveMemberErrors)
    async def remove_member(self, info: Info, input: Annotated[RemoveMemberInput, argument("Who.")]) -> Any:
        """Takes a membership away. It counts at once, on open streams too."""
        context = info.context
        removed = await members.remove_member(context.core, context.caller, input.member_id)
        return RemoveMemberPayload(removed_member_id=removed)

    @mutation(Access.SIGNED_IN, LeaveCustomerPayload, LeaveCustomerErrors)
    async def leave_customer(self, info: Info, input: Annotated[LeaveCustomerInput, argument("Which one.")]) -> Any:
        """Ends the caller's own membership; the account stays. The last manager hands over, or closes the customer."""
        context = info.context
        left = await members.leave_customer(context.core, context.caller, input.customer_id)
        return LeaveCustomerPayload(left_customer_id=left)

    @mutation(Access.MANAGER, HandOverManagementPayload, HandOverManagementErrors)
    async def hand_over_management(
        self, info: Info, input: Annotated[HandOverManagementInput, argument("To whom.")]
    ) -> Any:
        """Makes another member manager and gives up managing, both or neither."""
        context, own_role = info.context, input.own_role or MemberRole.AUTHORIZED_USER
        manager, own = await members.hand_over_management(context.core, context.caller, input.member_id, own_role)
        return HandOverManagementPayload(manager=manager, member=own)
