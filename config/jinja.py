"""The pages' Jinja environment: the design system's macros beside our templates, addresses, and British dates."""

import datetime
from typing import Any

import jinja2
from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from markupsafe import Markup


def environment(**options: Any) -> jinja2.Environment:
    """Build the environment Django's Jinja backend asks for; an unknown name in a template is an error, not a blank."""
    options["loader"] = jinja2.ChoiceLoader(
        [
            options["loader"],
            jinja2.PackageLoader("nhsuk_frontend_jinja"),
            jinja2.PackageLoader("django.forms", "jinja2"),
        ]
    )
    options["undefined"] = jinja2.ChainableUndefined
    env = jinja2.Environment(**{"trim_blocks": True, "lstrip_blocks": True, **options, "autoescape": True})
    env.globals.update(static=static, url=url)
    env.filters.update(date=date, datetime=moment, time=time, iso=iso)
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """Give the address of a named page."""
    return reverse(name, args=args, kwargs=kwargs)
