"""How fast: our transitions, waves, pages and replay against what a user would pick instead, side by side in one run.

`manage.py bench` starts `python -m bench` with settings of its own, whose database is made for the run and thrown away.
"""
