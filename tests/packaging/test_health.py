import pytest

from config import health
from config.celery import app


def test_live_asks_nothing_of_the_database(client):
    assert client.get("/health/live").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_when_every_part_works(client, broker_url):
    answer = client.get("/health/ready")
    assert answer.json() == {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok"}
    assert answer.status_code == 200


@pytest.mark.django_db
def test_ready_twice_leaves_nothing_behind(client, broker_url):
    assert client.get("/health/ready").status_code == client.get("/health/ready").status_code == 200


@pytest.mark.django_db
def test_not_ready_without_a_broker(client, monkeypatch):
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["broker"] == "failing"


@pytest.mark.django_db
def test_not_ready_behind_the_code(client, broker_url, monkeypatch):
    def behind():
        raise RuntimeError("Migrations are not applied")

    monkeypatch.setitem(health.CHECKS, "migrations", behind)
    assert client.get("/health/ready").json()["migrations"] == "failing"


def test_only_reading_is_answered(client):
    assert client.post("/health/live").status_code == 405


def test_answers_carry_the_browser_headers(client):
    headers = client.get("/health/live").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
