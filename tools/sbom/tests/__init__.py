"""Tests of the bill of materials."""
