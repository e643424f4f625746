"""Webhooks: addresses that post into a group in the name of who made them; made, listed, revoked and used."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from common.errors import NotAllowed, RateLimited, UnknownWebhook
from common.ids import GroupId, Nonce
from common.protocol import limits
from common.protocol.messages import (
    Answer,
    CreateWebhook,
    Entry,
    ListWebhooks,
    RevokeWebhook,
    Sent,
    Webhook,
    WebhookMade,
    Webhooks,
)
from relay.handlers import names
from relay.handlers.accounts import new_token, token_hash
from relay.handlers.entering import check_admin, rank_of
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.ranks import is_admin
from relay.storage.entries import Content, Draft
from relay.storage.transaction import Transaction

HOOKS: Final = "/api/hooks/"
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody posts to a webhook. *key*: with it, the same again changes nothing."""

    secret: str = field(repr=False)
    text: str
    key: str | None


# -- made, listed, revoked ---------------------------------------------------------------------------------------------


async def create_webhook(parts: Parts, caller: SignedIn, command: CreateWebhook) -> WebhookMade:
    """A new address, shown this once."""
    names.check_name(command.name)
    group, secret = GroupId(command.group), new_token()

    def create(transaction: Transaction) -> Webhook:
        check_admin(transaction, caller, group)
        if len(transaction.webhooks.of_group(group)) >= limits.WEBHOOKS_MAX:
            raise NotAllowed("This group has as many webhooks as it may. Revoke some first.")
        parts.limits.check("webhooks", caller.id, transaction.webhooks.made_by(caller.id))
        return transaction.webhooks.add(group, caller.id, command.name, token_hash(secret), transaction.now)

    webhook = await parts.journal.change(create)
    return WebhookMade(re=command.id, webhook=webhook, path=HOOKS + secret)


async def list_webhooks(parts: Parts, caller: SignedIn, command: ListWebhooks) -> Webhooks:
    """The webhooks of a group, whoever made them."""
    group = GroupId(command.group)
    return Webhooks(re=command.id, webhooks=await parts.store.read(lambda tables: tables.webhooks.of_group(group)))


async def revoke_webhook(parts: Parts, caller: SignedIn, command: RevokeWebhook) -> Answer:
    """Make one worthless; one that is so already stays so."""
    group = GroupId(command.group)

    def revoke(transaction: Transaction) -> None:
        webhook = transaction.webhooks.get(command.webhook)
        if webhook is None or webhook.group != group:
            return
        if webhook.by != caller.id and not is_admin(rank_of(transaction, caller, group)):
            raise NotAllowed("Only who made this webhook, or an owner or admin of the group, may revoke it.")
        transaction.webhooks.revoke(webhook.id)

    await parts.journal.change(revoke)
    return Answer(re=command.id)


# -- used --------------------------------------------------------------------------------------------------------------


async def find(parts: Parts, secret: str, address: str) -> Webhook:
    """The webhook with that *secret*, for somebody at *address*; before what they say was even read.

    It is found by its hash, so how long that takes says nothing of how much of a guess is right.

    Raises:
        UnknownWebhook: there is none there.
        RateLimited: too much at once.
    """
    if (wait_s := parts.throttles.commands_by_address.wait_s(address)) > 0:
        raise RateLimited(retry_after=round(wait_s, 3))
    hashed = token_hash(secret)
    found = await parts.store.read(lambda tables: tables.webhooks.by_secret(hashed))
    if found is None:
        raise UnknownWebhook
    return found


async def say(parts: Parts, said: Said, found: Webhook) -> Sent:
    """Put what was said into the group of the webhook that was *found*, in the name of its maker.

    Raises:
        UnknownWebhook: it is not there any more.
        RateLimited: too much at once, of the webhook or of its maker, whose messages these are.
    """
    hashed = token_hash(said.secret)
    if (wait_s := parts.throttles.posts_by_webhook.wait_s(found.id)) > 0:
        raise RateLimited(retry_after=round(wait_s, 3))
    parts.check_pace(found.by)
    nonce = _nonce(found.id, said.key)

    def post(transaction: Transaction) -> Entry:
        webhook = transaction.webhooks.by_secret(hashed)
        if webhook is None:  # revoked meanwhile, or its maker has left
            raise UnknownWebhook
        more = Content(via=webhook.name)
        return transaction.append(Draft(webhook.group, webhook.by, "message", said.text, nonce, more=more))

    entry = await parts.journal.change(post)
    return Sent(re=0, seq=entry.seq, at=entry.at)


def _nonce(webhook: int, key: str | None) -> Nonce:
    """Of the message: one that follows from *key*, and differs between webhooks; without a key, a new one."""
    if key is None:
        return Nonce(secrets.token_hex(_NONCE_BYTES))
    return Nonce(hashlib.sha256(f"webhook {webhook} {key}".encode()).digest()[:_NONCE_BYTES].hex())
