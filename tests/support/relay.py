"""A real SMTP server (aiosmtpd) that hands what it takes to Dovecot by LMTP. Its settings are one JSON object."""

import asyncio
import json
import smtplib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

settings = json.loads(sys.argv[1])


class Relay:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 there is no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        def deliver():
            with smtplib.LMTP("127.0.0.1", settings["lmtp"]) as lmtp:
                # One by one: smtplib does not know that LMTP answers for each recipient.
                for address in envelope.rcpt_tos:
                    lmtp.sendmail(envelope.mail_from, [address.split("@")[0]], envelope.original_content)

        try:
            await asyncio.to_thread(deliver)
        except Exception as error:
            return f"451 4.3.0 {error}"
        return "250 2.0.0 Ok: queued as TEST"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"support" and data.password == settings["password"].encode()
    return AuthResult(success=right, handled=False)


options = {"data_size_limit": settings["largest"], "enable_SMTPUTF8": True}
if settings["certificate"]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    options |= {"tls_context": context, "require_starttls": True}
if settings["password"]:
    options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": bool(settings["certificate"])}

controller = Controller(Relay(), hostname="127.0.0.1", port=settings["port"], **options)
controller.start()
print("up", flush=True)
# Ends with the test: its end of this pipe closes even when it is killed.
sys.stdin.read()
controller.stop()
