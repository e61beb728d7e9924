"""The secretariat records posts and ties, Coalition bodies their offices; members of panels are tested again."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.reading import note_read
from directory.models import Organisation, Person, Post, Tie
from directory.permissions import bodies_kept, check_may_administer, check_may_keep_posts, may_administer
from directory.queries import today
from directory.rules import is_bodys_office
from directory.views.acting import act
from panels.forms.known import EndPost, EndTie, LearnPost, LearnTie


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def posts(request: HttpRequest, pk: int) -> HttpResponse:
    """The posts of a person, past and present, and room for one more."""
    by = cast("Person", request.user)
    check_may_keep_posts(by)
    person = get_object_or_404(Person.objects.visible_to(by), pk=pk)
    if person.pk != by.pk:
        note_read(what="person-posts", ref=person.stream, by=by)
    held = Post.objects.filter(person=person).select_related("organisation").order_by("-starts", "pk")
    keeps, bodies = may_administer(by), bodies_kept(by)
    posts = [each for each in held if keeps or each.organisation_id in bodies]
    given = {
        "caption": person.display_name,
        "of": "people",
        "posts": posts,
        "today": today(),
        "keeps": keeps,
        "may_end": {each.pk for each in posts if _may_end(each, keeps=keeps, bodies=bodies)},
    }
    then = reverse("person-posts", args=[pk])
    return act(request, partial(LearnPost, person=person), template="panels/posts.jinja", context=given, then=then)


def _may_end(post: Post, *, keeps: bool, bodies: set[int]) -> bool:
    body = is_bodys_office(post.kind, post.organisation.kind)
    return post.organisation_id in bodies if body else keeps


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_post(request: HttpRequest, pk: int, post: int) -> HttpResponse:
    """End one post."""
    check_may_keep_posts(cast("Person", request.user))
    held = get_object_or_404(Post.objects.select_related("person", "organisation"), pk=post, person=pk)
    given = {"caption": held.person.display_name, "of": "their posts"}
    then = reverse("person-posts", args=[pk])
    return act(request, partial(EndPost, post=held), template="panels/form.jinja", context=given, then=then)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ties(request: HttpRequest, code: str) -> HttpResponse:
    """The ties of an organisation, past and present, and room for one more."""
    check_may_administer(cast("Person", request.user))
    organisation = get_object_or_404(Organisation, code=code)
    found = Tie.objects.filter(Q(one=organisation) | Q(other=organisation)).select_related("one", "other")
    given = {
        "caption": organisation.name,
        "of": "people",
        "ties": found.order_by("kind", "one__code", "other__code", "starts"),
        "code": code,
        "today": today(),
    }
    then = reverse("organisation-ties", args=[code])
    build = partial(LearnTie, organisation=organisation)
    return act(request, build, template="panels/ties.jinja", context=given, then=then)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_tie(request: HttpRequest, code: str, tie: int) -> HttpResponse:
    """End one tie."""
    check_may_administer(cast("Person", request.user))
    of = Tie.objects.filter(Q(one__code=code) | Q(other__code=code)).select_related("one", "other")
    build = partial(EndTie, tie=get_object_or_404(of, pk=tie))
    given = {"caption": code, "of": "its ties"}
    then = reverse("organisation-ties", args=[code])
    return act(request, build, template="panels/form.jinja", context=given, then=then)
