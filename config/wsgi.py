"""The web server's entrance."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.environment import refuse_demonstration_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

if not settings.DEMONSTRATION:
    refuse_demonstration_key(settings.SECRET_KEY)
application = get_wsgi_application()
