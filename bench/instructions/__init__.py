"""Regression guard: instructions of the solver over those of a plain coordinate descent in the same binary."""
