"""Letters reach a mail server over a real socket, or it is told whose fault it was."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import trustme

from aggregator.errors import UsageError
from aggregator.model.letter import Trouble, Unsent
from aggregator.net.mail import MailServer, SmtpPostman, mail_server
from tests.net.mailbox import Mailbox, a_mailbox

LETTER = b"Subject: Grain\r\n\r\nShips sail.\r\n.hidden dot\r\n"
DESK, IDA = "desk@lane.org", "ida@reader.example"
ELSEWHERE = "127.0.0.2"  # on loopback, and yet not what we take for this very machine


@pytest.fixture
def postman() -> Iterator[SmtpPostman]:
    made = SmtpPostman(seconds=10.0)
    yield made
    made.close()


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with a_mailbox() as made:
        yield made


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Mailbox]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(ELSEWHERE).configure_cert(context)
    with a_mailbox(ELSEWHERE, context) as made:
        yield made


def send(postman: SmtpPostman, box: Mailbox, to: str = IDA, url: str = "") -> Unsent | None:
    return postman.send(url or box.url, LETTER, sender=DESK, to=to)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_a_letter_arrives_byte_for_byte(postman: SmtpPostman, box: Mailbox) -> None:
    assert send(postman, box) is None
    (got,) = box.got
    assert (got.sender, got.to, got.raw) == (DESK, IDA, LETTER)


def test_a_round_of_letters_takes_one_connection_and_rest_hangs_up(
    postman: SmtpPostman, box: Mailbox
) -> None:
    assert [send(postman, box), send(postman, box)] == [None, None]
    assert box.connections == 1
    postman.rest()
    assert box.said[-1] == "quit"
    assert send(postman, box) is None
    assert (len(box.got), box.connections) == (3, 2)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ("550 no such box", Trouble.ADDRESS),
        ("550 5.1.1 no such box", Trouble.ADDRESS),
        ("550 5.2.1 box is shut", Trouble.ADDRESS),
        ("451 come again", Trouble.LATER),
        ("452 4.2.2 box is full", Trouble.LATER),
        ("552 5.2.2 box is full", Trouble.LATER),
        ("550 5.7.1 not from you", Trouble.LATER),
        ("550 relaying denied", Trouble.LATER),
        ("554 no thanks", Trouble.LATER),
        ("530 5.7.0 log in first", Trouble.SERVER),
        ("421 closing", Trouble.SERVER),
    ],
)
def test_a_refused_address_is_told_from_one_refused_for_now(
    postman: SmtpPostman, box: Mailbox, answer: str, trouble: Trouble
) -> None:
    box.answers["bo@reader.example"] = answer
    unsent = send(postman, box, "bo@reader.example")
    assert unsent is not None and unsent.trouble is trouble and answer in unsent.problem
    assert send(postman, box) is None  # and the next letter goes out all the same
    assert [got.to for got in box.got] == [IDA]


def test_a_letter_that_is_not_liked_is_tried_later(postman: SmtpPostman, box: Mailbox) -> None:
    box.answers["TAKEN"] = "554 too much news"
    unsent = send(postman, box)
    assert unsent is not None and unsent.trouble is Trouble.LATER and "too much" in unsent.problem


def test_a_server_that_takes_long_to_say_yes_is_waited_for(box: Mailbox) -> None:
    box.takes = 0.6
    postman = SmtpPostman(seconds=0.3, taking=10.0)
    try:
        assert send(postman, box) is None
        assert send(postman, box) is None
        assert (len(box.got), box.connections) == (2, 1)
    finally:
        postman.close()


@pytest.mark.parametrize("takes", [5.0, -1.0])
def test_of_a_letter_that_is_out_whole_it_is_told_that_nobody_knows(
    box: Mailbox, takes: float
) -> None:
    box.takes = takes
    postman = SmtpPostman(seconds=5.0, taking=0.2)
    unsent = send(postman, box)
    postman.close()
    assert unsent is not None and unsent.trouble is Trouble.UNCLEAR
    assert "did not say" in unsent.problem


def test_closing_does_not_wait_for_a_server_that_does_not_say(box: Mailbox) -> None:
    box.takes = 3.0
    postman = SmtpPostman(seconds=60.0)
    outcomes: list[Unsent | None] = []
    thread = threading.Thread(target=lambda: outcomes.append(send(postman, box)))
    thread.start()
    while not box.got:
        time.sleep(0.005)
    postman.close()
    thread.join(2.5)
    assert not thread.is_alive()
    assert outcomes[0] is not None and outcomes[0].trouble is Trouble.UNCLEAR


@pytest.mark.parametrize("letter", [b".\r\n..\r\n.x\r\ny.\r\n", b"a\r\n.b", b"\r\n.\r\n"])
def test_dots_at_the_beginning_of_a_line_come_through(
    postman: SmtpPostman, box: Mailbox, letter: bytes
) -> None:
    assert postman.send(box.url, letter, sender=DESK, to=IDA) is None
    assert box.got[0].raw.removesuffix(b"\r\n") == letter.removesuffix(b"\r\n")


def test_a_server_that_is_not_there_is_the_servers_fault(postman: SmtpPostman) -> None:
    with a_mailbox() as gone:
        pass
    unsent = send(postman, gone)
    assert (
        unsent is not None and unsent.trouble is Trouble.SERVER and str(gone.port) in unsent.problem
    )


def test_a_server_that_hangs_up_after_each_letter_gets_them_all(
    postman: SmtpPostman, box: Mailbox
) -> None:
    box.hangs_up_after = 1
    assert [send(postman, box) for _ in range(3)] == [None] * 3
    assert (len(box.got), box.connections) == (3, 3)


def test_a_server_that_drips_is_ended_at_the_deadline(box: Mailbox) -> None:
    box.drip = 0.05
    postman = SmtpPostman(seconds=0.4)
    started = time.monotonic()
    unsent = send(postman, box)
    took = time.monotonic() - started
    box.drip = 0.0
    postman.close()
    assert (
        unsent is not None and unsent.trouble is Trouble.SERVER and "longer than" in unsent.problem
    )
    assert took >= 0.3


def test_closing_ends_a_letter_under_way_and_nothing_goes_out_any_more(box: Mailbox) -> None:
    box.drip = 0.02
    postman = SmtpPostman(seconds=60.0)
    outcomes: list[Unsent | None] = []
    thread = threading.Thread(target=lambda: outcomes.append(send(postman, box)))
    thread.start()
    while not box.connections:
        time.sleep(0.005)
    postman.close()
    thread.join(10)
    box.drip = 0.0
    assert not thread.is_alive()
    (unsent,) = outcomes
    assert unsent is not None and unsent.trouble is Trouble.SERVER
    assert send(postman, box) is not None


def test_a_login_goes_encrypted(secure: Mailbox, authority: trustme.CA) -> None:
    postman = SmtpPostman(trusts=trusting(authority))
    url = f"smtp://ida:s%40fe@{ELSEWHERE}:{secure.port}"
    assert send(postman, secure, url=url) is None
    postman.close()
    assert (secure.encrypted, secure.logins) == (1, [("ida", "s@fe")])


def test_no_login_goes_where_nothing_is_encrypted(postman: SmtpPostman) -> None:
    with a_mailbox(ELSEWHERE) as plain:
        url = f"smtp://ida:safe@{ELSEWHERE}:{plain.port}"
        unsent = send(postman, plain, url=url)
        assert unsent is not None and unsent.trouble is Trouble.SERVER
        assert "STARTTLS" in unsent.problem and "safe" not in unsent.problem
        assert plain.logins == [] and plain.got == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    postman: SmtpPostman, secure: Mailbox
) -> None:
    unsent = send(postman, secure)
    assert unsent is not None and unsent.trouble is Trouble.SERVER
    assert secure.got == []


def test_a_login_that_is_not_taken_is_told_without_it(postman: SmtpPostman, box: Mailbox) -> None:
    box.answers["AUTH"] = "535 ida:secret is wrong"
    unsent = send(postman, box, url=f"smtp://ida:secret@127.0.0.1:{box.port}")
    assert unsent is not None and unsent.trouble is Trouble.SERVER
    assert "login" in unsent.problem and "secret" not in unsent.problem


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "TAKEN", "DATA", IDA])
def test_a_server_that_repeats_the_password_is_not_quoted_with_it(
    postman: SmtpPostman, box: Mailbox, word: str
) -> None:
    box.answers[word] = "550 what is s3cret-word to me"
    unsent = send(postman, box, url=f"smtp://ida:s3cret-word@127.0.0.1:{box.port}")
    assert unsent is not None and "s3cret" not in unsent.problem


@pytest.mark.parametrize(
    ("said", "server"),
    [
        ("smtp://localhost", MailServer(host="localhost", port=25, tls=False)),
        ("smtps://mail.lane.org/", MailServer(host="mail.lane.org", port=465, tls=True)),
        (
            "smtp://a%40b:c%3Ad@mail.lane.org",
            MailServer(host="mail.lane.org", port=587, tls=False, login=("a@b", "c:d")),
        ),
    ],
)
def test_a_servers_address_says_how_it_is_spoken_to(said: str, server: MailServer) -> None:
    assert mail_server(said) == server


@pytest.mark.parametrize(
    "said",
    [
        "",
        "mail.lane.org",
        "http://ida:safe@mail.lane.org",
        "smtp://",
        "smtp://ida:safe@h:x",
        "smtp://h/p",
    ],
)
def test_what_is_no_servers_address_is_refused_without_telling_it(said: str) -> None:
    with pytest.raises(UsageError) as refused:
        mail_server(said)
    assert "safe" not in str(refused.value)
