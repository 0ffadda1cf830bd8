"""Tests of the fetcher: a server on loopback and a cache of their own; no network, nothing left behind."""
