"""The public page on which anybody checks what they hold. Nothing that is dropped is kept."""

from __future__ import annotations

from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit.checkpoints import latest
from audit.forms.dropped import Dropped, read_large
from audit.house import House
from audit.presenters.checking import Checked, Step, check, code_in, kind_of, printable

_LIKE_NOTHING = (
    "This is none of the four: a case's bundle begins with {, a letter's code with c2sp.org/tlog-proof@v1, a "
    "checkpoint has a blank line and a signature, and a letter is a PDF. "
    "Paste the whole text, from its first line to its last."
)
_NO_CODE = (
    "No code is attached to this PDF. Scan the square code on the letter and paste its text. Letters from before the "
    "log was signed have none."
)
UNREADABLE = 422
# Of what cannot be read, so much is shown again.
MOST_ECHOED = 2000
_LETTER = "This very file"


# Nothing is changed and nobody is asked who they are: there is nothing to forge. And nothing may read what is sent
# before this page does, or a large file would be kept on a disk.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, *, house: House) -> HttpResponse:
    """Each step of the check of a bundle, a letter's code, a letter or a checkpoint, and what it proves."""
    dropped = read_large(request) if request.method == "POST" else Dropped()
    text, fault = dropped.text, dropped.fault
    if dropped.pdf:
        text = code_in(dropped.pdf)
        fault = fault or ("" if text else _NO_CODE)
    kind = kind_of(text) if text else ""
    if text and not kind:
        fault = _LIKE_NOTHING
    checked = check(text, kind, house.named) if kind else None
    if checked and dropped.pdf:
        checked.ours.append(_of_letter(checked, house.document(sha256(dropped.pdf).hexdigest())))
    status = dropped.status if dropped.fault else UNREADABLE if fault else 200
    given = {
        "checked": checked,
        "letter": bool(dropped.pdf),
        "fault": fault,
        "pasted": "" if checked else printable(text[:MOST_ECHOED]),
        "newest": latest(),
    }
    return render(request, "audit/verify.jinja", given, status=status)


def _of_letter(checked: Checked, proved: str | None) -> Step:
    """Whether the file is a letter of ours byte for byte, and its code is of that case's decision."""
    if proved is None:
        return Step(_LETTER, False, "No letter with these bytes was issued here: it was altered, or saved anew.")
    if proved != checked.leaf_hash:
        return Step(_LETTER, False, "A letter with these bytes was issued here, and its code is of another entry.")
    return Step(_LETTER, True, "A letter with these very bytes was issued here, on the decision that its code proves.")
