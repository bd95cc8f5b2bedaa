"""A study in many jobs: chapter by chapter, model by model, checkpoint by checkpoint, on one machine or on many.

`command` CLI, `jobs` planning, `estimates` cost model, `run` scheduling, `hands` executors, `attempt` supervised
subprocess, `worker` its entry point, `watch` display. Importing the worker does not import torch.
"""
