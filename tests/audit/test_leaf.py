import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from audit.errors import LeafTooLarge
from audit.leaf import LARGEST_LEAF, Place, commitment, draft, hash_of

PLACE = Place("case:1", 2, "ab" * 32)
AT = datetime(2012, 10, 1, 9, 30, tzinfo=UTC)


def a_draft(**changed):
    given = {"by": "system", "role": "", "public": None, "private": None, "reason_code": "", "ruleset": "", "at": AT}
    return draft(PLACE, "case.opened", **given | changed)


def test_leaf_is_the_canonical_document(clerk):
    made = a_draft(by=clerk, role="chair", public={"n": 1}, reason_code="late", ruleset="2012-1")
    assert made.leaf.decode() == (
        '{"actor":"person:00000000-0000-4000-8000-000000000001","at":"2012-10-01T09:30:00.000000Z",'
        f'"prev":"{"ab" * 32}","private":{{}},"public":{{"n":1}},"reason_code":"late","role":"chair",'
        '"ruleset":"2012-1","seq":2,"stream":"case:1","type":"case.opened","v":1}'
    )
    assert made.leaf_hash == hash_of(made.leaf) == sha256(b"\0" + made.leaf).digest()


def test_leaf_holds_commitments_and_no_personal_data():
    made = a_draft(private={"person": {"name": "Ada Lovelace"}, "free_text": {"reasons": "ill"}})
    assert b"Ada" not in made.leaf
    assert b"reasons" not in made.leaf
    promised = json.loads(made.leaf)["private"]
    assert promised == {secret.group: commitment(secret.salt, secret.body) for secret in made.secrets}
    assert promised["person"] == sha256(made.secrets[0].salt + b'{"name":"Ada Lovelace"}').hexdigest()


def test_commitment_of_equal_bodies_differs():
    one, other = (a_draft(private={"person": {"vote": "yes"}}) for _ in range(2))
    assert one.secrets[0].salt != other.secrets[0].salt
    assert len(one.secrets[0].salt) == 32
    assert one.secrets[0].commitment != other.secrets[0].commitment


def test_leaf_too_large_refused():
    room = LARGEST_LEAF - len(a_draft(public={"text": ""}).leaf)
    assert len(a_draft(public={"text": "x" * room}).leaf) == LARGEST_LEAF
    with pytest.raises(LeafTooLarge, match="takes 60001 bytes; the log takes at most 60000"):
        a_draft(public={"text": "x" * (room + 1)})


def test_private_group_unknown_refused():
    with pytest.raises(ValueError, match="'votes' is no private group"):
        a_draft(private={"votes": {}})


def test_moment_without_zone_refused():
    with pytest.raises(ValueError, match="no time zone"):
        a_draft(at=datetime(2012, 10, 1))
