"""One page with what every page stands on: the stylesheet, the scripts, and components that need waking."""

from django.http import HttpResponse
from django.template import engines
from django.urls import path

PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Specimen</title>
<link rel="icon" href="{{ static('favicon.svg') }}">
<link rel="stylesheet" href="{{ static('nhsuk.css') }}">
<script type="module" src="{{ static('page.js') }}"></script>
<script src="{{ static('django_htmx/htmx-2.min.js') }}" defer></script>
<meta name="htmx-config" content='{"includeIndicatorStyles":false,"allowEval":false}'>
</head>
<body>
<main class="nhsuk-width-container">
<h1>Specimen</h1>
{% from "nhsuk/components/character-count/macro.jinja" import characterCount %}
{{ characterCount({"name": "why", "id": "why", "maxlength": 20, "label": {"text": "Why is it met?"}}) }}
<button class="nhsuk-button" hx-get="/part/" hx-target="#part" type="button">Fetch</button>
<div id="part" role="status"></div>
</main>
</body>
</html>"""


def specimen(request):
    return HttpResponse(engines["jinja2"].from_string(PAGE).render(request=request))


def part(_request):
    return HttpResponse("<p>Fetched.</p>")


urlpatterns = [path("", specimen), path("part/", part)]
