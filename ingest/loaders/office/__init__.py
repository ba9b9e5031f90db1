"""Loaders of office documents."""
