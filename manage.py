#!/usr/bin/env python3
"""The entrance to everything: `python3 manage.py demo`, `python3 manage.py test`, or the name of any other command."""

import os
import sys

import bootstrap


def newest_local_database():
    """The replay's file when that was written last, else the demonstration's: what a check is most likely about."""
    folder = os.environ.get("VAR_DIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "var")
    files = [os.path.join(folder, name + ".sqlite3") for name in ("demo", "replay")]
    there = [path for path in files if os.path.exists(path)]
    return os.path.basename(max(there, key=os.path.getmtime))[: -len(".sqlite3")] if there else "demo"


def main():
    bootstrap.enter(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ["DEMONSTRATION"] = "1"
    if sys.argv[1:2] == ["replay"]:
        os.environ.setdefault("LOCAL_DATABASE", "replay")
    if sys.argv[1:2] == ["check_invariants"]:
        os.environ.setdefault("LOCAL_DATABASE", newest_local_database())
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
