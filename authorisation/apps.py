from django.apps import AppConfig


class AuthorisationConfig(AppConfig):
    name = "authorisation"
