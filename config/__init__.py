"""Wiring: settings, addresses, the worker's app. Decides nothing."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
