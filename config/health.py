"""Is the process alive, and can it do its work?"""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """Answer as long as the process can answer at all; touches nothing else."""
    return JsonResponse({"status": "ok"})
