"""A study in many jobs: chapter by chapter, model by model, checkpoint by checkpoint, on one machine or on many.

`command` is what is typed, `jobs` what there is to do, `estimates` what it will cost, `run` who does it when, `attempt`
and `worker` the doing, `watch` what is seen of it. Whoever imports this package for its workers loads no torch.
"""
