"""Servers under test, a scripted upstream and a load generator: each a process of its own."""
