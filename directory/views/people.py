"""Who holds which post."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from directory.models import Person
from directory.permissions import may_keep_posts
from directory.queries import posts_held, today

PER_PAGE = 50


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """The people whose names this person may see, with the posts they hold today."""
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = Person.objects.visible_to(request.user).filter(is_active=True)
    for word in wanted.split():
        found = found.filter(
            Q(full_name__icontains=word)
            | Q(posts__organisation__name__icontains=word)
            | Q(posts__organisation__code__iexact=word)
        )
    posts = Prefetch("posts", posts_held(today()), to_attr="held")
    listed = found.distinct().order_by("full_name", "pk").prefetch_related(posts)
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    keeps = isinstance(request.user, Person) and may_keep_posts(request.user)
    given = {"page": page, "q": wanted, "total": page.paginator.count, "keeps": keeps}
    return render(request, "directory/people.jinja", given)
