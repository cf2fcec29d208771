"""Tests with real parts: a real MLflow on SQLite, real processes, real models."""
