"""Tests of the decision log in PostgreSQL."""
