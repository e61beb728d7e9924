"""`python -m bench`: makes the database of the run, measures, prints, throws it away."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import django

NAMES = ("transition", "wave", "queries", "replay", "audit", "log", "chaos")


def main() -> int:
    """Measure what was asked for. 0 also when a bar was missed: the table says so."""
    options = _options()
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    if {"audit", "log", "chaos"} & set(options.names):
        os.environ["BENCH_RIVALS"] = "1"
    django.setup()

    from bench.run import run

    start = time.perf_counter()
    figures, facts = run(options)
    from bench.figures import as_json, table

    whole = as_json(figures, time.perf_counter() - start, facts)
    if options.json:
        print(json.dumps(whole))
        return 0
    for line in table(figures):
        print(line)
    print(f"{facts}; {whole['seconds']} seconds.")
    if whole["missed"]:
        print(f"{whole['missed']} figures do not reach their bar.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of the interleaved measurements")
    parser.add_argument("--cases", type=int, default=67, help="cases in a wave")
    parser.add_argument("--sizes", type=int, nargs="+", default=[211, 2110], help="applications behind the pages")
    parser.add_argument("--large", action="store_true", help="pages at 21,100 applications, 1,000,000 entries")
    parser.add_argument("--wave", type=int, default=1, help="the wave to replay; 0 for all four")
    parser.add_argument("--leaves", type=int, default=1_000_000, help="leaves of the log that proofs are made in")
    parser.add_argument("--entries", type=int, default=100_000, help="entries of the export that is verified")
    parser.add_argument("--kills", type=int, default=200, help="writers and sequencers killed at random")
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 4, 8], help="how many write at once")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"There is no figure {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}.")
    options.names = options.names or list(NAMES)
    if options.large:
        options.sizes = [*options.sizes, 21_100]
        options.entries = 1_000_000
    return options


if __name__ == "__main__":
    sys.exit(main())
