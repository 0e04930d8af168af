"""Hands mails on: to a server, or into a folder."""

from gateway.mail.folder import FolderMailer
from gateway.mail.smtp import SmtpMailer, SmtpSettings

__all__ = ["FolderMailer", "SmtpMailer", "SmtpSettings"]
