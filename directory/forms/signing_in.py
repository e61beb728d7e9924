"""Signing in by e-mail address and password."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest

from directory.forms.fields import EmailField, PasswordField

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class SignInForm(forms.Form):
    """Who somebody says they are, and the proof."""

    email = EmailField(label="E-mail address", autocomplete="username", missing="Enter your e-mail address")
    password = PasswordField(label="Password", autocomplete="current-password", missing="Enter your password")

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = request
        self.person: AbstractBaseUser | None = None
        # The address that was tried in vain.
        self.refused = ""

    def clean(self) -> dict[str, Any]:
        """Refuse alike a wrong password, an unknown address and a person shut out: the page gives nothing away."""
        given = super().clean() or {}
        if given.get("email") and given.get("password"):
            email = given["email"].strip().lower()
            self.person = authenticate(self.request, username=email, password=given["password"])
            if self.person is None:
                self.refused = email
                raise forms.ValidationError("The e-mail address or the password is not right. Check both and try again")
        return given
