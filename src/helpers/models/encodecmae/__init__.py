"""EnCodecMAE (Pepino, Riera & Ferrer 2023, arXiv 2309.07391): published networks, and small ones trained here."""

from helpers import text

# Note in figures for a layer that is unlike the others; here, not in `extraction`, so that wording recomputes nothing
text.words("note", en={"merged": "sum of both branches"}, es={"merged": "suma de ambas ramas"})
