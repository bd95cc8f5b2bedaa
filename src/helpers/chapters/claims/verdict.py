"""What can be claimed of a number, and what can be said of a claim."""

ABOVE, BELOW, WITHIN = SIDES = ("above", "below", "within")  # of a threshold; within it on both sides of 0
HOLDS, FAILS, UNDECIDED, UNTESTABLE = "holds", "fails", "undecided", "untestable"
