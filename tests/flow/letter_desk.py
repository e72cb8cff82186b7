"""A newsroom that sends letters, and the acts that tests of letters begin with."""

from __future__ import annotations

from dataclasses import replace

from aggregator.flow.letters import Asked, ask, confirm
from aggregator.flow.mailing import Round, send_due
from aggregator.model.letter import LetterReader, Trouble, Unsent
from aggregator.model.settings import LetterBox
from aggregator.model.topic import Every, TopicSpec
from aggregator.store.engine import SqliteStore
from tests.flow.newsroom import DAY, Newsroom, Told, topic
from tests.flow.postman import FakePostman

IDA, BO = "ida@reader.example", "bo@reader.example"
BOX = LetterBox(smtp="env:SMTP_URL", sender="Lane Desk <desk@lane.test>")
BOTH = (Every.DAILY, Every.WEEKLY)
NOBODY = Unsent(trouble=Trouble.ADDRESS, problem="550 nobody")
LATER = Unsent(trouble=Trouble.LATER, problem="451 later")
DOWN = Unsent(trouble=Trouble.SERVER, problem="connection refused")
PLACES = {"env:SMTP_URL": "smtp://localhost"}


def grain(**said: object) -> TopicSpec:
    return replace(topic(), **{"letters": BOTH, **said})  # type: ignore[arg-type]


class LetterDesk(Newsroom):
    """A newsroom that sends letters."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store)
        self.postman = FakePostman()
        self.kit = replace(self.kit, postman=self.postman, secret=PLACES.__getitem__)
        self.follow(["wire"], [grain()], letters=BOX)

    def tells(self, *titles: str) -> None:
        """Publish these, a minute after each other."""
        for title in titles:
            self.now += 60
            self.hears("wire", Told(guid=title, title=f"{title} grain", at=int(self.now) - 60))

    def later(self, seconds: float = DAY) -> Round:
        self.now += seconds
        return send_due(self.kit)

    def who(self, address: str = IDA) -> LetterReader:
        with self.kit.store.read() as tx:
            found = tx.topics.find("grain")
            assert found is not None
            reader = tx.letters.of(found.id, address)
        assert reader is not None
        return reader

    def joins(self, address: str = IDA, every: Every = Every.DAILY) -> None:
        """Ask for letters and confirm them."""
        assert ask(self.kit, "grain", address, every) is Asked.TAKEN
        send_due(self.kit)
        assert confirm(self.kit, self.who(address).secret) is not None

    def letters(self, address: str = IDA) -> list[str]:
        """Return the subjects of letters, questions left out."""
        subjects = [str(each["Subject"]) for each in self.postman.to(address)]
        return [each for each in subjects if "confirm" not in each]

    def questions(self, address: str = IDA) -> int:
        """Return how many questions went to an address."""
        return len(self.postman.to(address)) - len(self.letters(address))
