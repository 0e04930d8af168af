"""Whom a customer keeps a record of: contacts and subscribers."""

import strawberry

from gateway.api.schema.declaring import doc, enum_type, object_type
from gateway.api.schema.node import Node
from gateway.api.schema.paging import connection
from gateway.domain import members

enum_type(
    members.ContactRole,
    "What a contact is asked about. Clients must expect new values.",
    GENERAL="Anything.",
    BILLING="Bills and payments.",
    TECHNICAL="Technical matters.",
    EMERGENCY="What can't wait.",
)


@object_type(members.Contact)
class Contact(Node):
    """Somebody to turn to at a customer, a member or not. Seen by the customer's managers alone."""

    name: str = doc("The name.")
    role: members.ContactRole = doc("What the contact is asked about.")
    email: str | None = doc("The e-mail address.")
    phone: str | None = doc("The telephone number in E.164, such as +46701234567.")


@object_type(members.Subscriber)
class Subscriber(Node):
    """An end user of the customer's, with what they use. Seen by the customer's managers alone."""

    name: str = doc("The name.")
    product_ids: list[strawberry.ID] = doc(
        "The ids of the products that they use, at most 100; one that ended meanwhile stays until it is taken out.",
        size=5,
    )
    numbers: list[str] = doc("The telephone numbers that they use, in E.164, at most 20.", size=3)


ContactConnection = connection(members.Contact, "Contact")
SubscriberConnection = connection(members.Subscriber, "Subscriber")
