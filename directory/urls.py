"""Addresses of people, of signing in, and of what people were told."""

from django.urls import path

from directory.views import messages, people, signing_in

urlpatterns = [
    path("sign-in/", signing_in.sign_in, name="sign-in"),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("people/", people.people, name="people"),
    path("outbox/", messages.outbox, name="outbox"),
    path("outbox/<int:pk>/", messages.message, name="message"),
    path("outbox/<int:pk>/send-again/", messages.send_again, name="message-again"),
]
