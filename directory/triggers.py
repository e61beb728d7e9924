"""What the database refuses: grants that posts in force do not call for (I12), and mail that was settled already."""

from audit.triggers import refuse
from directory.models import OrganisationKind, PostKind
from directory.models.messages import FINAL, DeliveryState
from directory.rules import grants_of

GRANTS = "directory_organisationgrant"
DELIVERIES = "directory_delivery"


def _called_for(row: str) -> str:
    """SQL that is true when a post in force of an active person calls for the grant in `row` (NEW or OLD)."""
    triples = ", ".join(
        f"'{post}/{place}/{codename}'"
        for post in PostKind.values
        for place in OrganisationKind.values
        for codename in grants_of(post, place)
    )
    return (
        "EXISTS (SELECT 1 FROM directory_post p"  # noqa: S608 - built from our own enumerations
        " JOIN directory_organisation o ON o.id = p.organisation_id"
        " JOIN directory_person u ON u.id = p.person_id"
        f" JOIN auth_permission a ON a.id = {row}.permission_id"
        f" WHERE p.person_id = {row}.user_id AND p.organisation_id = {row}.content_object_id"
        " AND p.in_force AND u.is_active"
        f" AND p.kind || '/' || o.kind || '/' || a.codename IN ({triples}))"
    )


def register() -> None:
    """Name the directory's own triggers; the audit app installs them after every migration."""
    _register_grants()
    _register_deliveries()


def _register_grants() -> None:
    refuse(
        table=GRANTS,
        on="INSERT",
        name="grant_unfounded",
        when=f"NOT {_called_for('NEW')}",
        message="No post in force justifies this grant. Appoint the person to a post that gives it.",
    )
    refuse(
        table=GRANTS,
        on="DELETE",
        name="grant_founded",
        when=_called_for("OLD"),
        message="A post in force calls for this grant. End the post, or deactivate the person.",
    )
    refuse(
        table=GRANTS,
        on="UPDATE",
        name="grant_fixed",
        message="A grant is given or taken with its post, never edited.",
    )


def _register_deliveries() -> None:
    refuse(
        table=DELIVERIES,
        on=["DELETE", "TRUNCATE"],
        name="delivery_kept",
        message="What became of a message is never deleted.",
    )
    ended = ", ".join(f"'{state}'" for state in FINAL)
    refuse(
        table=DELIVERIES,
        on="UPDATE",
        name="delivery_ended",
        when=f"OLD.state IN ({ended}) OR NEW.message_id <> OLD.message_id",
        message="This message was sent, withheld or kept for good. Write a new message.",
    )
    refuse(
        table=DELIVERIES,
        on="UPDATE",
        name="delivery_unclaimed",
        when=f"NEW.state = '{DeliveryState.SENT}' AND OLD.state NOT IN ('{DeliveryState.SENDING}', {ended})",
        message="Only a message that a worker has claimed can have been sent.",
    )
