"""A postman for tests: he keeps what he gets, and refuses what he is told to."""

from __future__ import annotations

import email
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default

from aggregator.model.letter import Unsent


@dataclass(kw_only=True)
class FakePostman:
    """`Postman` without a net."""

    sent: list[tuple[str, EmailMessage]] = field(default_factory=list)  # address, letter
    refuses: dict[str, Unsent] = field(default_factory=dict)  # by address; "*": everybody
    tried: list[str] = field(default_factory=list)
    rests: int = 0

    def send(self, server: str, letter: bytes, *, sender: str, to: str) -> Unsent | None:
        assert server == "smtp://localhost" and sender == "desk@lane.test"
        self.tried.append(to)
        refused = self.refuses.get(to) or self.refuses.get("*")
        if refused is None:
            self.sent.append((to, email.message_from_bytes(letter, policy=default)))
        return refused

    def rest(self) -> None:
        self.rests += 1

    def close(self) -> None:
        pass

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for to, letter in self.sent if to == address]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    found = letter.get_body((kind,))
    assert found is not None
    return str(found.get_content())
