"""A visitor without a browser, who walks through the demonstration as each kind of user."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SECONDS_PER_PAGE = 30


def faults(address: str, pages: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Fetch `pages`, which holds paths by persona, and give a sentence for everything wrong; nothing when all is well.

    Pages under the key "public" are fetched by somebody who is not signed in.
    """
    for key, paths in pages.items():
        visitor = Visitor(address)
        if key != "public":
            fault = visitor.sign_in(key)
            if fault:
                yield f"{key} cannot sign in: {fault}"
                continue
        for path in paths:
            fault = visitor.fetch(path).fault
            if fault:
                yield f"{path} as {key}: {fault}"


@dataclass(frozen=True)
class Answer:
    """What came back for one request; `fault` is empty when it is a good page."""

    asked: str
    status: int
    url: str
    body: str
    kind: str

    @property
    def fault(self) -> str:
        """Say what is wrong with the answer."""
        if self.status != http.HTTPStatus.OK:
            return f"status {self.status}"
        arrived = urllib.parse.urlsplit(self.url).path
        if arrived in {"/demo/", "/sign-in/"} and self.asked != arrived:
            return "sent back to sign in"
        if self.kind == "text/html" and not self.body.rstrip().endswith("</html>"):
            return "the page is cut short"
        return "" if self.body else "the answer is empty"


class Visitor:
    """One browser: its own cookies, and no script."""

    def __init__(self, address: str) -> None:
        self.address = address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        # No proxy: the address is this machine, whatever http_proxy says.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def fetch(self, path: str, data: dict[str, str] | None = None) -> Answer:
        """Get a page, or post a form to it, following redirects."""
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        request = urllib.request.Request(self.address + path, body, {"Referer": self.address + path})  # noqa: S310
        try:
            with self._opener.open(request, timeout=SECONDS_PER_PAGE) as response:
                text = response.read().decode("utf-8", "replace")
                return Answer(path, response.status, response.url, text, response.headers.get_content_type())
        except urllib.error.HTTPError as error:
            return Answer(path, error.code, self.address + path, "", "")
        except OSError as error:
            return Answer(path, 0, self.address + path, str(error), "")

    def sign_in(self, key: str) -> str:
        """Press the persona's button on the demonstration's page; give what went wrong, or nothing."""
        token = TOKEN.search(self.fetch("/demo/").body)
        if token is None:
            return "the page /demo/ has no form"
        return self.fetch(f"/demo/sign-in/{key}/", {"csrfmiddlewaretoken": token.group(1)}).fault
