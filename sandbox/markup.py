"""Telegram's HTML: which tags it takes, and the text without them."""

from __future__ import annotations

from html.parser import HTMLParser

_TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}


class MarkupError(ValueError):
    """The text is no HTML that Telegram takes."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise MarkupError(f'unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise MarkupError(f'unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise MarkupError("an unescaped <")
        self.text.append(data)


def plain_text(html: str) -> str:
    """Return the text without its tags. Raises MarkupError where Telegram would refuse it."""
    reader = _Reader()
    # "&lt;" must stay told apart from a bare "<", which Telegram refuses.
    reader.feed(html.replace("&lt;", "\ue000"))
    reader.close()
    if reader.open:
        raise MarkupError(f'can\'t find end tag "{reader.open[-1]}"')
    return "".join(reader.text).replace("\ue000", "<")
