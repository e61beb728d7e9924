"""What lies beside every export: one page for whoever checks it."""

from base64 import b64encode

from audit.models import Checkpoint

_PAGE = """\
THE RECORD, AND HOW TO CHECK IT YOURSELF

  Log       {origin}
  Entries   {entries}
  Root      {root}
  Signed    {signed} UTC

You need Python 3.9 or later and nothing else: no network, no account, no program of ours but verify_log.py, one
file that you can read first. In this folder:

  {command}

It ends with one of these words.

  VERIFIED    Every entry is the one that was signed: none was changed, removed, put in or moved, and each case's
              entries follow one another without a gap.
  TAMPERED    It names the first entry that is not as it should be, and what is wrong with it. Keep this folder as
              it is, make no second copy over it, and tell the Board's auditor and a body of the Coalition.
  UNUSABLE    A file is missing or damaged, or no key fits: nothing was decided. Ask for the export again.

WHAT VERIFIED DOES NOT MEAN
  That what people entered was true; the log shows what was recorded, by whom and when, not whether it is right.
  That this is the only version. Whoever holds the signing key could sign a second one. So compare:

  - With a decision letter, which prints the size and the root of the log on its day. Save what its code says (it is
    also attached to the PDF) as letter.tlog-proof, and add to the command:    --old letter.tlog-proof
  - With any older checkpoint that did not come with this folder: your own from last month, one that was mailed to
    you, one from the Coalition. Add it in the same way:    --old OLDER-CHECKPOINT.txt
  - With the Coalition, whose own copy goes on from head to head. Get its key from the Coalition itself and ask for
    its signature on this one:    --witness ITS-KEY --require-witness

  One older checkpoint from another hand finds any change to what it covers, even by the holder of the key.

THE KEYS
  vkeys.txt lists the keys that sign the log. It lies beside the record it vouches for, so compare each line by
  another channel: with an earlier export, by telephone with the Board's auditor, or with the Coalition.
  Once you hold a key from elsewhere, put it in a file of your own and give that after --keys.

EVERY MONTH, ONLY WHAT IS NEW
  Keep what the check leaves behind:    add  --save-frontier frontier.json
  Next time ask for the entries from that size on, and check them against it:    add  --frontier frontier.json
  The file is yours: keep it where nobody else writes.

THE RULES OF THE PROCESS
  {rules}
  recomputes quorum, the Coalition's seat, who may not act twice and the tests of interest from the entries alone.
  BREACHED instead of VERIFIED: the record is whole, and it shows that a rule was not kept. It names the entry.
{part}
FILES
  export.jsonl     One entry a line, byte for byte as it was signed. No names, no free text: those are
                   kept apart and appear here only as salted hashes.
  checkpoint.txt   The signed head of the log: its name, how many entries, the root over all of them.
  vkeys.txt        The keys that sign it.
  verify_log.py    The check.
{more}"""
_PART = """\
  It needs the whole log: ask for an export from entry 0. This one begins later.
"""
_PRIVATE = """\
  private.jsonl    PERSONAL DATA: names, reasons and interests that open those hashes. Keep it closed; do not pass
                   it on with the rest. Entries that were erased by order are not in it and still verify:
                   add  --erased  to the command to allow for them.
"""
_TILES = """\
  tiles/           The same entries as C2SP tlog-tiles (c2sp.org/tlog-tiles), for programs that are not ours.
                   The folder can be published as it is.
"""


def readme(checkpoint: Checkpoint, *, start: int, private: bool, tiles: bool) -> str:
    """The page for one export."""
    size = checkpoint.tree_size
    options = "export.jsonl checkpoint.txt --keys vkeys.txt"
    options += " --disclosures private.jsonl" if private else ""
    frontier = " --frontier frontier.json" if start else ""
    return _PAGE.format(
        origin=checkpoint.note.split("\n", 1)[0],
        entries=f"{start} to {size - 1}, {size} in all" if start < size else f"none new, {size} in all",
        root=b64encode(bytes(checkpoint.root)).decode(),
        signed=f"{checkpoint.created_at:%-d %B %Y, %H:%M}",
        command=f"python3 -I verify_log.py {options}{frontier}",
        rules=f"python3 -I verify_log.py rules {options}",
        part=_PART if start else "",
        more=(_PRIVATE if private else "") + (_TILES if tiles else ""),
    )
