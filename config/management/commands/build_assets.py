from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import assets


class Command(BaseCommand):
    help = "Take the design system's stylesheet and script from their wheel into var/assets, before collectstatic."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in assets.build(settings.VAR_DIR / "assets"):
            self.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes")
