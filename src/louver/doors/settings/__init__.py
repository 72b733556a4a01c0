"""`louver.yaml` and how it becomes frozen values; pydantic is used here and nowhere else.

Names are imported from the modules: `load`, `values`, `problems`, `example`, `digest`.
"""
