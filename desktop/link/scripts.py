"""What scripts need: access tokens of the person, and webhooks of groups. Each needs the relay, now."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from common.ids import GroupId, Millis
from common.protocol.messages import (
    CreateToken,
    CreateWebhook,
    ListTokens,
    ListWebhooks,
    RevokeToken,
    RevokeWebhook,
    Scope,
    TokenMade,
    Tokens,
    WebhookMade,
    Webhooks,
)
from desktop.events import LinkEvent
from desktop.events.asked import HookMade, HooksListed, KeyMade, TokensListed
from desktop.link.asking import Asking


class Scripts:
    """Secrets are told once, as they are made, and kept nowhere here."""

    def __init__(self, asking: Asking, tell: Callable[[LinkEvent], None]) -> None:
        self._asking = asking
        self._tell = tell
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "create_token": self.create_token,
            "list_tokens": self.list_tokens,
            "revoke_token": self.revoke_token,
            "create_webhook": self.create_webhook,
            "list_webhooks": self.list_webhooks,
            "revoke_webhook": self.revoke_webhook,
        }

    async def create_token(self, name: str, scope: Scope, expires: Millis | None) -> None:
        """Make a token, and tell which there are."""
        command = CreateToken(name=name, scopes=(scope,), expires=expires)
        if answer := await self._asking.or_refuse("create_token", command, TokenMade):
            curl = f"{self._curl()} -H 'Authorization: Bearer {answer.secret}' {self._root()}/api/list_groups -d '{{}}'"
            self._tell(KeyMade(answer.token, answer.secret, curl))
            await self.list_tokens()

    async def list_tokens(self) -> None:
        """Tell which tokens are good."""
        if answer := await self._asking.or_refuse("list_tokens", ListTokens(), Tokens):
            self._tell(TokensListed(tuple(answer.tokens)))

    async def revoke_token(self, token: int) -> None:
        """Make one worthless, and tell which are left."""
        if await self._asking.is_done("revoke_token", RevokeToken(token=token)):
            await self.list_tokens()

    async def create_webhook(self, group: GroupId, name: str) -> None:
        """Make an address that posts into *group*, and tell which there are."""
        command = CreateWebhook(group=group, name=name)
        if answer := await self._asking.or_refuse("create_webhook", command, WebhookMade):
            url = self._root() + answer.path
            self._tell(HookMade(answer.webhook, url, f"{self._curl()} {url} -d 'Hello'"))
            await self.list_webhooks(group)

    async def list_webhooks(self, group: GroupId) -> None:
        """Tell which webhooks *group* has."""
        if answer := await self._asking.or_refuse("list_webhooks", ListWebhooks(group=group), Webhooks):
            self._tell(HooksListed(group, tuple(answer.webhooks)))

    async def revoke_webhook(self, group: GroupId, webhook: int) -> None:
        """Make one worthless, and tell which are left."""
        if await self._asking.is_done("revoke_webhook", RevokeWebhook(group=group, webhook=webhook)):
            await self.list_webhooks(group)

    def _root(self) -> str:
        return f"https://{self._asking.link().address}"

    def _curl(self) -> str:
        """curl with what makes sure of the relay: its certificate is signed by nobody else."""
        from common.crypto.certificate import public_key_pin  # heavy, and needed by few

        pin = public_key_pin(self._asking.link().certificate)
        return f"curl -sS --insecure --pinnedpubkey '{pin}'"
