from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tests.audit.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tests.audit.ledger import triggers  # noqa: F401
