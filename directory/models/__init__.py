from directory.models.grants import OrganisationGrant
from directory.models.messages import Delivery, DeliveryState, Message
from directory.models.organisations import Organisation, OrganisationKind, Tie, TieKind
from directory.models.people import Person
from directory.models.posts import Post, PostKind

__all__ = [
    "Delivery",
    "DeliveryState",
    "Message",
    "Organisation",
    "OrganisationGrant",
    "OrganisationKind",
    "Person",
    "Post",
    "PostKind",
    "Tie",
    "TieKind",
]
