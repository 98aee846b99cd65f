"""Pure functions over a stream of answers: steady verdicts, visits, the picture's quality, what need not be looked at.

Time is passed in; none of them looks at a clock. `scene.py` keeps for one source what they remember.
"""
