"""Tests of the dependency checks."""
