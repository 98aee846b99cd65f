"""A model's answers to labelled photos, as figures and as a report: for `catdog eval` and `python -m train evaluate`.

Start at `figures.figures`: answers in, one plain dict out, which `--json` writes as it is and `show.sections` draws.
"""
