"""One folder a chapter: CHAPTER, its analysis, its figures and its words; `registry` finds them."""
