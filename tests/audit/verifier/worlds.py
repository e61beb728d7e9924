"""Files for the verifier, made from the small log of the failure cases, and what they answer."""

import json
from base64 import b64encode
from io import BytesIO

from audit import verify_log
from audit.canonical import canonical
from audit.leaf import hash_of
from audit.merkle import consistency_proof, inclusion_proof
from audit.notes import request_text
from tests.audit.failures.world import COALITION, HULL, LEEDS, honest
from tests.audit.merkle.trees import Held

VKEYS = "".join(f"{key}\n" for key in [honest().keys[0], COALITION.verifier])


def export_of(world):
    return b"".join(entry + b"\n" for entry in world.entries)


def tree_of(world, size=None):
    return Held([hash_of(entry) for entry in world.entries[:size]])


def proof_of(world, index):
    return world.prove(index).proof


def request_of(world, old):
    return request_text(old, consistency_proof(tree_of(world), old, len(world.entries)), world.note)


def bundle_of(world, *streams, about="2012-1"):
    """The bundle of some streams; its subject is what one of its entries says in public."""
    documents = [json.loads(entry) for entry in world.entries]
    parts = []
    for stream in streams or (LEEDS, HULL):
        places = [index for index, document in enumerate(documents) if document["stream"] == stream]
        proof = inclusion_proof(tree_of(world), places[-1], len(world.entries))
        parts.append(
            {
                "stream": stream,
                "leaves": [world.entries[index].decode() for index in places],
                "index": places[-1],
                "proof": [b64encode(one).decode() for one in proof],
            }
        )
    private = [
        {key: row[key] for key in ("group", "salt", "body")}
        | {"stream": documents[row["index"]]["stream"], "seq": documents[row["index"]]["seq"]}
        for row in world.private
        if documents[row["index"]]["stream"] in {part["stream"] for part in parts}
    ]
    return {
        "format": "panel-authority/bundle@v1",
        "about": about,
        "checkpoint": str(world.note),
        "vkeys": VKEYS,
        "streams": parts,
        "disclosures": private,
    }


def written(bundle):
    return canonical(bundle).decode() + "\n"


def named(world, ref="CCG-02Q-2012"):
    """The world with a case that says what it is called."""
    return world.alter(1, public={"ref": ref}).relink().sign().cosigned()


def check(world, **options):
    return verify_log.check_export(BytesIO(export_of(world)), str(world.note), VKEYS, **options)


def private_of(world):
    return BytesIO("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in world.private).encode())
