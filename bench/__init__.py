"""Figures with their bars; each file measures one thing against a floor or peer in the same run."""
