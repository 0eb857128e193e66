"""One connection to the mail server for many letters, and what may go wrong with it."""

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Self

from django.core.mail import EmailMessage, get_connection


class ServerAway(Exception):
    """The server took nothing now; another time it may."""


class Refused(Exception):
    """The server works but does not take this letter; names no address."""


class Post:
    """Opened with the first letter, closed at the end of the block."""

    def __init__(self) -> None:
        self.connection = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def send(self, letter: EmailMessage) -> None:
        """Hand over one letter; once this returns, the server has it.

        Raises:
            Refused: this letter or its mailbox; others may go.
            ServerAway: nothing can be sent now.
        """
        letter.connection = self.connection
        try:
            self.connection.open()
            letter.send()
        except SMTPRecipientsRefused as error:
            codes = sorted({str(code) for code, _text in error.recipients.values()})
            raise Refused(f"mailbox: {', '.join(codes)}") from error
        except SMTPDataError as error:
            raise Refused(f"letter: {error.smtp_code}") from error
        except ValueError as error:  # a header that cannot be
            raise Refused(type(error).__name__) from error
        except SMTPException as error:  # what the server says may name somebody
            code = getattr(error, "smtp_code", "")
            raise ServerAway(f"{type(error).__name__} {code}") from error
        except OSError as error:
            raise ServerAway(f"{type(error).__name__}: {error}") from error
