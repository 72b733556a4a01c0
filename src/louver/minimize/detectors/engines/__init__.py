"""Engines that search for the rules' patterns; all of them find the same matches."""
