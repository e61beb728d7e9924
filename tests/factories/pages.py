"""Reading pages as a person does: strict HTML, one heading, and forms filled in as they stand."""

import html5lib
from django.test import Client

XHTML = "{http://www.w3.org/1999/xhtml}"


class Page:
    """One answer, parsed strictly."""

    def __init__(self, response) -> None:
        self.response, self.status = response, response.status_code
        self.html = response.content.decode()
        parser = html5lib.HTMLParser(strict=True)
        self.tree = parser.parse(self.html)

    def all(self, tag: str):
        return list(self.tree.iter(XHTML + tag))

    def text(self, tag: str) -> list[str]:
        return [" ".join("".join(each.itertext()).split()) for each in self.all(tag)]

    @property
    def words(self) -> str:
        """Everything between the tags of the main part, in one line."""
        return " ".join("".join(self.all("main")[0].itertext()).split())

    @property
    def title(self) -> str:
        return self.text("title")[0]

    @property
    def heading(self) -> str:
        [heading] = self.text("h1")
        return heading

    @property
    def links(self) -> dict[str, str]:
        return {" ".join("".join(each.itertext()).split()): each.get("href") for each in self.all("a")}

    @property
    def fields(self) -> dict[str, list[str]]:
        """What a browser would send if the form of the main part were sent as it stands."""
        sent: dict[str, list[str]] = {}
        main = self.all("main")[0]
        for each in main.iter(XHTML + "input"):
            if each.get("name") and (each.get("type") not in {"radio", "checkbox"} or each.get("checked") is not None):
                sent.setdefault(each.get("name"), []).append(each.get("value") or "")
        for each in main.iter(XHTML + "textarea"):
            sent.setdefault(each.get("name"), []).append((each.text or "").lstrip("\n"))
        for each in main.iter(XHTML + "select"):
            options = list(each.iter(XHTML + "option"))
            chosen = [one for one in options if one.get("selected") is not None] or options[:1]
            sent.setdefault(each.get("name"), []).extend(one.get("value") or "" for one in chosen)
        return sent


class Reader:
    """A browser without scripts, signed in as somebody or nobody."""

    def __init__(self, person=None) -> None:
        self.client = Client()
        if person is not None:
            self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    def get(self, path: str, **query) -> Page:
        return Page(self.client.get(path, query))

    def send(self, path: str, **given):
        """Open the page, fill these fields in beside what stands there, and send it."""
        filled = {name: each if isinstance(each, list) else [each] for name, each in given.items()}
        return self.client.post(path, self.get(path).fields | filled)

    def refused(self, path: str, **given) -> Page:
        return Page(self.send(path, **given))
