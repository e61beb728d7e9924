import csv
import io
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Event, Private
from directory.actions import organisations
from directory.actions.imports import ImportResult, import_organisations
from directory.errors import BadFile
from directory.management.commands import import_organisations as command
from directory.models import Organisation, OrganisationKind
from directory.organisation_file import ECCG_COLUMNS, HEADER

HEAD = ",".join(HEADER) + "\n"
ECCG = Path(__file__).parent / "eccg.csv"
FIELDS = ("kind", "code", "name", "opened", "closed", "postcode", "parent__code", "event_id")


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8", name="organisations.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def imported(path, **options):
    out = io.StringIO()
    call_command("import_organisations", str(path), stdout=out, **options)
    return out.getvalue().strip()


def refused(path):
    before = snapshot()
    with pytest.raises(CommandError) as error:
        imported(path)
    assert snapshot() == before
    return str(error.value)


def snapshot():
    return list(Organisation.objects.order_by("code").values_list(*FIELDS)), Event.objects.count()


def eccg_row(code, name, opened="20130401", closed="", postcode="DL3 6JL"):
    cells = [""] * ECCG_COLUMNS
    cells[0], cells[1], cells[9], cells[10], cells[11] = code, name, postcode, opened, closed
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def test_eccg_file_is_recognised_and_imported(db):
    assert imported(ECCG) == "added 3, updated 0, unchanged 0"

    assert list(Organisation.objects.order_by("code").values_list(*FIELDS[:6])) == [
        ("ccg", "90A", "NHS NORTH EXAMPLE CCG", date(2013, 4, 1), None, "EX1 1AA"),
        ("ccg", "90B", "NHS EXAMPLE, DALES AND FIELDS CCG", date(2013, 4, 1), date(2015, 3, 31), "EX2 2BB"),
        ("ccg", "Z90CX", "EXAMPLE - SUB-ICB REPORTING ENTITY", date(2024, 4, 1), None, "EX3 3CC"),
    ]


def test_own_file_is_recognised_with_columns_in_any_order(db, write):
    path = write(
        "Name,code,KIND,postcode,opened,closed,parent_code\n"
        "Bassetlaw,02Q,ccg,DN22 7XF,2013-04-01,,NORTH\n"
        "\n"
        ",,,,,,\n"
        '"The ""Board""",BOARD,board,,,,\n'
        "North,NORTH,region,,,,BOARD\n"
    )

    assert imported(path) == "added 3, updated 0, unchanged 0"

    rows = Organisation.objects.order_by("code").values_list("kind", "code", "name", "postcode", "parent__code")
    assert list(rows) == [
        ("ccg", "02Q", "Bassetlaw", "DN22 7XF", "NORTH"),
        ("board", "BOARD", 'The "Board"', "", None),
        ("region", "NORTH", "North", "", "BOARD"),
    ]


def test_import_writes_one_event_with_the_hash_and_the_counts(db, write):
    path = write(HEAD + "ccg,02Q,Bassetlaw,,,,\n")

    imported(path)

    event, listed = Event.objects.order_by("pk")
    assert (event.event_type, event.document["actor"]) == ("directory.imported", "system")
    assert listed.document["public"] == {"bodies": 1, "rows": [["ccg", "02Q"]]}
    assert event.document["public"] == {
        "file_sha256": __import__("hashlib").sha256(path.read_bytes()).hexdigest(),
        "layout": "own",
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "listed": 1,
    }
    assert Private.objects.get(event=event).document == {"file": "organisations.csv"}


def test_import_again_updates_what_changed_and_touches_nothing_else(db, write):
    imported(write(HEAD + "ccg,02Q,Bassetlaw,2013-04-01,,,DN22 7XF\nccg,02R,Bradford,,,02Q,\nccg,02T,Calderdale,,,,\n"))
    first = dict(Organisation.objects.values_list("code", "event_id"))
    assert imported(write(HEAD + "ccg,02T,Calderdale,,,,\n")) == "added 0, updated 0, unchanged 1"

    path = write(HEAD + "ccg,02V,Leeds,,,02T,\nccg,02Q,Bassetlaw,2013-04-01,2020-03-31,02V,\nccg,02R,Bradford,,,02Q,\n")
    assert imported(path) == "added 1, updated 1, unchanged 1"

    now = dict(Organisation.objects.values_list("code", "event_id"))
    assert [code for code in first if first[code] != now[code]] == ["02Q"]
    changed = Organisation.objects.get(code="02Q")
    assert (changed.closed, changed.postcode, changed.parent.code) == (date(2020, 3, 31), "", "02V")
    assert imported(path) == "added 0, updated 0, unchanged 3"


def test_eccg_file_leaves_parents_as_they_are(db, write):
    imported(write(HEAD + "region,NORTH,North,,,,\nccg,02Q,Bassetlaw,,,NORTH,\n"))

    assert imported(write(eccg_row("02Q", "NHS BASSETLAW CCG"))) == "added 0, updated 1, unchanged 0"

    ccg = Organisation.objects.get(code="02Q")
    assert (ccg.name, ccg.parent.code) == ("NHS BASSETLAW CCG", "NORTH")


def test_dry_run_counts_and_changes_nothing(db):
    before = snapshot()

    assert imported(ECCG, dry_run=True) == "dry run: added 3, updated 0, unchanged 0"

    assert snapshot() == before


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("ccg,02Q,Bassetlaw,,,", "has 6 columns where 7 are expected"),
        ("ccg,02Q,Bassetlaw,,,,,", "has 8 columns where 7 are expected"),
        (",02Q,Bassetlaw,,,,", f"kind '' is unknown; use one of {', '.join(OrganisationKind.values)}"),
        ("pct,02Q,Bassetlaw,,,,", f"kind 'pct' is unknown; use one of {', '.join(OrganisationKind.values)}"),
        ("ccg,02q,Bassetlaw,,,,", "code '02q' must be 3 to 10 capital letters and digits"),
        ("ccg,0٢Q,Bassetlaw,,,,", "code '0٢Q' must be 3 to 10 capital letters and digits"),
        ("ccg,,Bassetlaw,,,,", "code '' must be 3 to 10 capital letters and digits"),
        ("ccg,02Q,,,,,", "the name is missing"),
        (f"ccg,02Q,{'n' * 201},,,,", f"name '{'n' * 20}…' is longer than 200 characters"),
        ('ccg,02Q,"Basset\nlaw",,,,', "the name holds a line break or another control character"),
        ("ccg,02Q,Bassetlaw,,,,DN22 7XF DN22", "postcode 'DN22 7XF DN22…' is longer than 10 characters"),
        ("ccg,02Q,Bassetlaw,2013-02-29,,,", "opened '2013-02-29' is not a date in the form YYYY-MM-DD"),
        ("ccg,02Q,Bassetlaw,20130401,,,", "opened '20130401' is not a date in the form YYYY-MM-DD"),
        ("ccg,02Q,Bassetlaw,,01/04/2013,,", "closed '01/04/2013' is not a date in the form YYYY-MM-DD"),
        ("ccg,02Q,Bassetlaw,0000-00-00,,,", "opened '0000-00-00' is not a date in the form YYYY-MM-DD"),
        ("ccg,02Q,Bassetlaw,2013-04-01,2013-03-31,,", "closed 2013-03-31 lies before opened 2013-04-01"),
        ("ccg,02Q,Bassetlaw,,,NORTH,", "parent NORTH is neither in this file nor in the directory"),
        ("ccg,02Q,Bassetlaw,,,02Q,", "an organisation cannot be its own parent"),
        ("ccg,BOARD,Bassetlaw,,,,", "the code BOARD and the kind 'board' belong together, to one organisation"),
        ("ccg,01A,Again,,,,", "code 01A is already on row 2"),
        ("practice,77A,Not a practice,,,,", "77A is recorded as 'ccg' and cannot become 'practice'; use another code"),
        ('ccg,02Q,"Basset"law,,,,', "is not readable as CSV (',' expected after '\"'); nothing after it was read"),
        ('ccg,02Q,"Bassetlaw,,,,', "is not readable as CSV (unexpected end of data); nothing after it was read"),
    ],
)
def test_bad_row_is_named_and_nothing_is_imported(write, make_organisation, row, fault):
    make_organisation("77A")

    answer = refused(write(HEAD + "ccg,01A,First,,,,\n" + row + "\n"))

    assert answer == f"organisations.csv: 1 fault; nothing was imported.\n  row 3: {fault}"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (eccg_row("02Q", "Bassetlaw", opened="2013-04-01"), "opened '2013-04-01' is not a date in the form YYYYMMDD"),
        (eccg_row("02Q", "Bassetlaw", closed="20130331"), "closed 2013-03-31 lies before opened 2013-04-01"),
        ('"02Q","Bassetlaw"\n', "has 2 columns where 27 are expected"),
        (eccg_row("02Q", ""), "the name is missing"),
        (eccg_row("01A", "Again"), "code 01A is already on row 1"),
    ],
)
def test_bad_eccg_row_is_named_and_nothing_is_imported(db, write, row, fault):
    assert refused(write(eccg_row("01A", "First") + "\n" + row)) == (
        f"organisations.csv: 1 fault; nothing was imported.\n  row 3: {fault}"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "organisations.csv is empty: export it again."),
        (b"\r\n \r\n", "organisations.csv is empty: export it again."),
        (HEAD.encode(), "organisations.csv holds no organisations: nothing was imported."),
        ((HEAD + "ccg").encode("utf-16"), "organisations.csv holds zero bytes (UTF-16, or not text)"),
        (HEAD.encode() + b"ccg,02Q,B\x81,,,,", "organisations.csv is neither UTF-8 nor Windows-1252 text"),
        (
            b"code;name\n02Q;Bassetlaw\n",
            "organisations.csv, row 1: 1 columns and no header. Give the national register's",
        ),
        (b"code,name\n02Q,Bassetlaw\n", "organisations.csv, row 1: the header must name kind, code, name"),
        (HEAD.replace("name", "code").encode(), "organisations.csv, row 1: the header must name kind, code, name"),
        (b'"kind,code\n' * 3, "organisations.csv, row 1: is not readable as CSV"),
        (b"x" * 200_000, "organisations.csv, row 1: is not readable as CSV (a line of more than 65536 characters)"),
    ],
)
def test_file_of_another_kind_is_refused_with_the_cure(db, write, content, sentence):
    assert refused(write(content)).startswith(sentence)


def test_missing_file_and_folder_are_refused(db, tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        assert refused(path) == f"{path} is not a file on this machine: give the path of a CSV file."


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-8", "Château"), ("utf-8-sig", "Château"), ("cp1252", "Château €")]
)
def test_encodings_are_recognised(db, write, encoding, name):
    imported(write(f"{HEAD}ccg,02Q,{name},,,,\r\n".replace("\n", "\r\n"), encoding))

    assert Organisation.objects.get().name == name


def test_letters_written_in_two_ways_are_the_same_name(db, write):
    imported(write(HEAD + "ccg,02Q,Cha\u0302teau,,,,\n"))

    assert imported(write(HEAD + "ccg,02Q,Ch\u00e2teau,,,,\n")) == "added 0, updated 0, unchanged 1"


def test_faults_are_listed_to_fifty_and_then_counted(db, write):
    rows = "".join(f"pct,P{n:04},Trust {n},,,,\n" for n in range(63))

    lines = refused(write(HEAD + rows)).splitlines()

    assert lines[0] == "organisations.csv: 63 faults; nothing was imported."
    assert [line.split(":")[0] for line in lines[1:51]] == [f"  row {row}" for row in range(2, 52)]
    assert lines[51:] == ["  and 13 more"]


def test_every_fault_of_a_row_is_listed(db, write):
    assert refused(write(HEAD + "pct,02,,soon,,,\n")).count("  row 2: ") == 4


def test_parents_in_a_circle_are_refused(db, write):
    path = write(HEAD + "ccg,AAA,A,,,CCC,\nccg,BBB,B,,,AAA,\nccg,CCC,C,,,BBB,\nccg,DDD,D,,,CCC,\n")

    lines = refused(path).splitlines()

    assert lines[1] == "  row 2: its parents go round in a circle: AAA > CCC > BBB > AAA"
    assert lines[4] == "  row 5: has more than 11 parents above it, or they form a circle"


def test_parents_in_a_circle_through_the_directory_are_refused(db, write):
    imported(write(HEAD + "ccg,AAA,A,,,,\nccg,BBB,B,,,AAA,\n"))

    assert "circle: AAA > BBB > AAA" in refused(write(HEAD + "ccg,AAA,A,,,BBB,\n"))


def test_parents_turned_round_in_one_file_are_imported(db, write):
    imported(write(HEAD + "ccg,AAA,A,,,,\nccg,BBB,B,,,AAA,\n"))

    assert imported(write(HEAD + "ccg,AAA,A,,,BBB,\nccg,BBB,B,,,,\n")) == "added 0, updated 2, unchanged 0"
    assert list(Organisation.objects.order_by("code").values_list("parent__code", flat=True)) == ["BBB", None]


def test_synthetic_organisation_becomes_real_when_the_register_names_it(write, make_organisation):
    make_organisation("02Q", synthetic=True)

    assert imported(write(HEAD + "ccg,02Q,Organisation 02Q,,,,\n")) == "added 0, updated 1, unchanged 0"
    assert not Organisation.objects.get().synthetic


def test_file_that_changes_while_it_is_read_is_refused(db, write):
    path = write(HEAD + "ccg,02Q,Bassetlaw,,,,\n")
    before = snapshot()

    def meddle(phase, _rows):
        if phase == "writing":
            path.write_text(HEAD + "ccg,02Q,Bassetlaw,,,,\nccg,02R,Bradford,,,,\n", encoding="utf-8")

    with pytest.raises(BadFile, match="changed while it was read"):
        import_organisations(path=path, by="system", progress=meddle)
    assert snapshot() == before


def test_import_by_the_secretariat_is_allowed_and_by_others_denied(administrator, ann):
    with pytest.raises(PermissionDenied):
        import_organisations(path=ECCG, by=ann)

    assert import_organisations(path=ECCG, by=administrator) == ImportResult(added=3, updated=0, unchanged=0)


def test_progress_is_shown_on_a_terminal_only(db, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal, pipe = Terminal(), io.StringIO()
    call_command("import_organisations", str(ECCG), stdout=io.StringIO(), stderr=pipe)
    call_command("import_organisations", str(ECCG), stdout=io.StringIO(), stderr=terminal)

    assert pipe.getvalue() == ""
    assert "\rchecking: 3 rows\rwriting: 3 rows\r" in terminal.getvalue()


def test_clash_with_another_change_is_a_plain_message(db, monkeypatch):
    from django.db import IntegrityError

    def clash(**_options):
        raise IntegrityError("directory_organisation changes only with a later event")

    monkeypatch.setattr(command, "import_organisations", clash)

    with pytest.raises(CommandError, match="Nothing was imported, the directory changed meanwhile; run again"):
        imported(ECCG)


def test_import_costs_the_same_queries_for_ten_rows_and_for_a_thousand(db, write, django_assert_max_num_queries):
    for size in (10, 990):
        path = write(HEAD + "".join(f"practice,P{size}{n:04},Practice,,,,\n" for n in range(size)))
        with django_assert_max_num_queries(12 if size == 10 else 20):
            imported(path)


def test_deep_families_are_imported_whatever_their_order(db, write):
    rows = [f"ccg,L{n:02},Level {n},,,L{n - 1:02},\n" for n in range(11, 0, -1)] + ["ccg,L00,Level 0,,,,\n"]

    assert imported(write(HEAD + "".join(rows))) == "added 12, updated 0, unchanged 0"
    assert Organisation.objects.get(code="L11").parent.code == "L10"

    assert "has more than 11 parents above it" in refused(write(HEAD + "ccg,L12,Level 12,,,L11,\n"))


CODES = st.sampled_from(["AAA", "BBB", "CCC", "DDD", "77A", "aaa", ""])
CELLS = {
    "kind": st.sampled_from(["ccg", "ccg", "region", "pct"]),
    "code": CODES,
    "name": st.sampled_from(["One", "Two", "Two", ""]),
    "opened": st.sampled_from(["", "", "2013-04-01", "2013-02-30"]),
    "closed": st.sampled_from(["", "", "2014-04-01", "2012-01-01"]),
    "parent_code": st.one_of(st.just(""), CODES),
    "postcode": st.just(""),
}
FILES = st.one_of(
    st.lists(st.fixed_dictionaries(CELLS).map(lambda row: list(row.values())), max_size=6).map(
        lambda rows: [list(CELLS), *rows]
    ),
    # Sound rows with distinct codes, so that whole imports are tried often too.
    st.lists(st.sampled_from(["AAA", "BBB", "CCC", "77A"]), min_size=1, unique=True).map(
        lambda codes: [list(CELLS), *(["ccg", code, f"N {code}", "", "", "", ""] for code in codes)]
    ),
    st.lists(st.lists(st.text(max_size=5), max_size=8), max_size=4),
)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=FILES)
def test_any_file_is_imported_wholly_or_not_at_all(rows, tmp_path):
    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows(rows)
    with transaction.atomic():
        organisations.add_organisation(kind="ccg", code="77A", name="Known", by="system")
        (known,), events = snapshot()
        try:
            result = import_organisations(path=path, by="system")
        except BadFile:
            assert snapshot() == ([known], events)
        else:
            wanted = {dict(zip(rows[0], row, strict=True))["code"]: row for row in rows[1:] if any(row)}
            assert (
                result.added + result.updated + result.unchanged == len(wanted) == len([r for r in rows[1:] if any(r)])
            )
            found = {row[1]: row for row in Organisation.objects.values_list(*FIELDS)}
            assert found.keys() == wanted.keys() | {"77A"}
            for code, (kind, _, name, opened, closed, parent, _) in wanted.items():
                standing = found[code]
                dates = [day.isoformat() if day else "" for day in standing[3:5]]
                assert [standing[0], standing[2], *dates, standing[6] or ""] == [kind, name, opened, closed, parent]
                # A second one lists the new bodies that name people for seats, where there are any.
                assert Event.objects.count() - events in {1, 2}
        transaction.set_rollback(True)


def test_file_that_may_not_be_read_is_refused(db, write, monkeypatch):
    path = write(HEAD)

    def denied(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)

    assert refused(path) == f"{path} cannot be read (Permission denied): check who may read it."
