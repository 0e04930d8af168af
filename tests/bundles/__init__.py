"""Catalogue and bundles."""
