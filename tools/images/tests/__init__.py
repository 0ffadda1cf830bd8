"""Tests of the images' tools."""
