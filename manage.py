#!/usr/bin/env python3
"""The entrance to everything: `python3 manage.py demo`, `python3 manage.py test`, or the name of any other command."""

import os
import sys

import bootstrap


def main():
    bootstrap.enter(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ["DEMONSTRATION"] = "1"
    if sys.argv[1:2] == ["replay"]:
        os.environ.setdefault("LOCAL_DATABASE", "replay")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
