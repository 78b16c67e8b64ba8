"""The ways out of the house: mail by Django, everything else by Apprise under addresses that the operator sets.

An address names the person it is for: {phone}, {police_no}, {email}, {name}; whoever lacks one of those is not reached
that way. A robot of a chat group is read by others too, so it is told only that there is something to look at.
"""

import re
import smtplib
from dataclasses import dataclass
from email.utils import make_msgid
from typing import Protocol
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from branches.models import User

MAIL = "mail"
LABELS = {MAIL: "邮件", "wecom": "企业微信", "dingtalk": "钉钉", "sms": "短信", "gateway": "内网消息"}
FIELDS = ("phone", "police_no", "email", "name")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Whose message only the person gets: the operator's own gateways and applications of 企业微信. All other kinds of
# address are taken for groups.
PERSONAL = {"json", "jsons", "xml", "xmls", "form", "forms", "wechat"}
NEUTRAL = "您有新的通知，请登录党支部创建评选平台查看。"


class Refused(Exception):
    """The other side said no: nothing was sent."""


class Busy(Refused):
    """It said not now: nothing was sent, later it may be."""


class Doubtful(Exception):
    """The connection broke while sending: it may have arrived or not."""


class Unreachable(Exception):
    """Nobody answers: nothing was even tried."""


@dataclass(frozen=True)
class Message:
    """What is to be said to one person; `key` stays the same however often it is tried."""

    key: str
    notice_pks: tuple[int, ...]
    recipient: User
    subject: str
    body: str


class Wire(Protocol):
    def open(self) -> None: ...
    def send(self, message: Message) -> None: ...
    def close(self) -> None: ...


def configured() -> list[str]:
    return [MAIL, *settings.NOTIFY_URLS]


def reaching(user: User) -> list[str]:
    """The channels by which this person can be reached."""
    found = [MAIL] if user.email else []
    for code, url in settings.NOTIFY_URLS.items():
        if all(getattr(user, name, "") for name in PLACEHOLDER.findall(url)):
            found.append(code)
    return found


def wire_for(code: str) -> Wire:
    return MailWire() if code == MAIL else AppriseWire(settings.NOTIFY_URLS[code])


def is_personal(url: str) -> bool:
    return urlsplit(url).scheme.lower() in PERSONAL


def problem_of(url: str) -> str:
    """Why an address cannot be used, in words; "" when it can."""
    names = set(PLACEHOLDER.findall(url))
    if unknown := sorted(names.difference(FIELDS)):
        return f"地址里有不认识的占位符{{{unknown[0]}}}，可用的是{'、'.join(f'{{{name}}}' for name in FIELDS)}。"
    if not names:
        return "地址里没有写明发给谁，应含{phone}、{police_no}等占位符之一，否则人人收到的都是同一处。"
    from apprise import Apprise

    example = PLACEHOLDER.sub("13800000000", url)
    return "" if Apprise().add(example) else "地址的写法不能识别，请对照README中的例子。"


class MailWire:
    """One connection for all mails of a run."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self.begun = False

    def open(self) -> None:
        try:
            self.connection.open()
        except OSError as error:  # smtplib's errors are OSErrors too
            raise Unreachable(str(error)) from error
        if smtp := getattr(self.connection, "connection", None):
            smtp.data = self._noted(smtp.data)

    def _noted(self, data):
        """A connection that breaks before the text itself was handed over leaves no doubt: nothing was sent."""

        def handed_over(text):
            self.begun = True
            return data(text)

        return handed_over

    def close(self) -> None:
        self.connection.close()

    def send(self, message: Message) -> None:
        self.begun = not hasattr(self.connection, "connection")
        try:
            self.connection.send_messages([_mail(message)])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refusal(min(codes, default=550), str(error)) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, str(error)) from error
        except ValueError as error:  # a header or an address that cannot be written
            raise Refused(str(error)) from error
        except OSError as error:
            raise (Doubtful if self.begun else Busy)(str(error)) from error


def _refusal(code: int, text: str) -> Refused:
    return Busy(text) if 400 <= code < 500 else Refused(text)


def _mail(message: Message) -> EmailMessage:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return EmailMessage(
        subject=f"【党支部创建】{message.subject}",
        body=f"{message.recipient.name} 同志：\n\n{message.body}\n\n（系统自动发送，请勿回复）",
        to=[message.recipient.email],
        headers={
            # The same however often it is tried: a mail server that looks at it drops the second.
            "Message-ID": f"<{message.key}@{host}>" if message.key else make_msgid(domain=host),
            "X-Notice-Id": " ".join(str(pk) for pk in message.notice_pks),
        },
    )


class AppriseWire:
    """One message per person, the person written into the address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> None:
        """Nothing to keep open: every message is a request of its own."""

    def close(self) -> None:
        """Nothing was kept open."""

    def send(self, message: Message) -> None:
        import apprise

        values = {name: quote(str(getattr(message.recipient, name, "")), safe="") for name in FIELDS}
        address = PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), self.url)
        service = apprise.Apprise()
        if not service.add(address):
            raise Refused("渠道地址不能识别，请系统管理员检查设置。")
        private = is_personal(self.url)
        body, title = (message.body, message.subject) if private else (NEUTRAL, "党支部创建评选平台")
        with apprise.LogCapture(level=apprise.logging.WARNING) as said:
            done = service.notify(body=body, title=title)
            text = said.getvalue().strip()
        if not done:
            raise Doubtful(text) if "Connection error" in text else Refused(text or "对方未接收。")
