from dataclasses import dataclass

import pytest
from django.db import connection

from audit import actions, fence, signing
from tests.audit.ledger.models import Case


@dataclass(frozen=True)
class Clerk:
    stream: str = "person:00000000-0000-4000-8000-000000000001"


@pytest.fixture
def clerk():
    return Clerk()


@pytest.fixture
def open_case(db, clerk):
    def make(name="Leeds", *, says=(), **fields):
        case = Case(name=name, **fields)
        actions.record(case, "case.opened", by=clerk, public={"name": name, **dict(says)})
        actions.settle(case)
        return case

    return make


@pytest.fixture
def case(open_case):
    return open_case()


@pytest.fixture
def unfenced(db):
    """Call to take the triggers away, as the owner of a database can."""

    def remove():
        connection.check_constraints()
        fence.remove(connection)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE audit_event DROP CONSTRAINT audit_event_leaf_hash_is_of_leaf")

    return remove


@pytest.fixture
def key_files(tmp_path, settings):
    """A key of this test's own in files, as in production, and the signer that goes with it."""
    settings.AUDIT_SIGNER = "audit.signing.from_files"
    settings.AUDIT_ORIGIN = "log.example/one"
    settings.AUDIT_SIGNING_KEY_FILE = tmp_path / "audit.key"
    settings.AUDIT_SIGNER_STATE = tmp_path / "audit.signed"
    signing.make_key(settings.AUDIT_ORIGIN)
    return tmp_path
