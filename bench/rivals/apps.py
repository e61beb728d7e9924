from django.apps import AppConfig


class RivalsConfig(AppConfig):
    name = "bench.rivals"
    label = "rivals"

    def ready(self) -> None:
        """Keep `migrate` from making these tables: it makes those without migrations before the ones they refer to."""
        for model in self.get_models(include_auto_created=True):
            model._meta.managed = False
