"""Accounts: names sealed, found by a keyed hash of the folded user name. Of who has deleted theirs only the number is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, cast

from common.errors import UsernameTaken
from common.ids import Millis, UserId
from common.protocol.messages import Role, User
from relay.storage.vault import Vault

_USERNAME: Final = "users.username"
_DISPLAY_NAME: Final = "users.display_name"
_PASSWORD: Final = "users.password_hash"  # noqa: S105  the name of a column
_COLUMNS: Final = "id, username, display_name, role, deleted_at"


@dataclass(frozen=True, slots=True)
class Account:
    """A person and what signing in needs. *password_hash* is None when its record is damaged: nobody can sign in with it."""

    user: User
    password_hash: str | None = field(repr=False)
    disabled: bool


class People:
    """The accounts. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def add(self, username: str, display_name: str, password_hash: str, role: Role, now: Millis) -> User:
        """Make an account.

        Raises:
            UsernameTaken: somebody has that name, or one that folds to the same, or had it before they deleted their account.
        """
        name_hash = self._vault.name_hash(username)
        if self._conn.execute("SELECT 1 FROM users WHERE username_hash = ?", (name_hash,)).fetchone():
            raise UsernameTaken
        freed = self._vault.freed_name_hash(username)
        if self._conn.execute("SELECT 1 FROM freed_names WHERE name_hash = ?", (freed,)).fetchone():
            raise UsernameTaken
        (user_id,) = self._conn.execute("SELECT coalesce(max(id), 0) + 1 FROM users").fetchone()
        seal = self._vault.seal_text
        self._conn.execute(
            "INSERT INTO users (id, username_hash, username, display_name, password_hash, role, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                user_id,
                name_hash,
                seal(username, _USERNAME, user_id),
                seal(display_name, _DISPLAY_NAME, user_id),
                seal(password_hash, _PASSWORD, user_id),
                role,
                now,
            ),
        )
        return User(user_id, username, display_name, role)

    def account(self, username: str) -> Account | None:
        """The account with that name, compared as people would."""
        row = self._conn.execute(
            f"SELECT {_COLUMNS}, password_hash, disabled FROM users WHERE username_hash = ? AND deleted_at IS NULL",
            (self._vault.name_hash(username),),
        ).fetchone()
        if row is None:
            return None
        *columns, sealed, disabled = row
        user = self._user(*columns)
        return Account(user, self._vault.open_text(sealed, _PASSWORD, user.id), bool(disabled))

    def get(self, user: UserId) -> User | None:
        """One person, also who has deleted their account."""
        return next(iter(self.many([user])), None)

    def living(self, user: UserId) -> User | None:
        """One person who has an account."""
        found = self.get(user)
        return None if found is None or found.deleted else found

    def many(self, ids: Iterable[UserId]) -> list[User]:
        """The people with these ids, in the order asked, also deleted ones; unknown ids are left out."""
        select = f"SELECT {_COLUMNS} FROM users WHERE id = ?"
        rows = (self._conn.execute(select, (user,)).fetchone() for user in ids)
        return [self._user(*row) for row in rows if row is not None]

    def all(self) -> list[User]:
        """Everybody who has an account, by id."""
        return [
            self._user(*row)
            for row in self._conn.execute(f"SELECT {_COLUMNS} FROM users WHERE deleted_at IS NULL ORDER BY id")
        ]

    def count(self) -> int:
        """How many accounts there are."""
        (count,) = self._conn.execute("SELECT count(*) FROM users WHERE deleted_at IS NULL").fetchone()
        return int(count)

    def set_password(self, user: UserId, password_hash: str) -> None:
        """Let *user* sign in with another password only."""
        sealed = self._vault.seal_text(password_hash, _PASSWORD, user)
        self._conn.execute("UPDATE users SET password_hash = ? WHERE id = ?", (sealed, user))

    def facts(self) -> dict[UserId, tuple[bool, Millis]]:
        """Of everybody whether they are shut out, and since when they have their account."""
        rows = self._conn.execute("SELECT id, disabled, created_at FROM users WHERE deleted_at IS NULL")
        return {UserId(user): (bool(disabled), Millis(created_at)) for user, disabled, created_at in rows}

    def first_owner(self) -> User | None:
        """Who has owned this relay for longest and is not shut out."""
        row = self._conn.execute(
            f"SELECT {_COLUMNS} FROM users WHERE role = 'owner' AND NOT disabled ORDER BY id LIMIT 1"
        ).fetchone()
        return None if row is None else self._user(*row)

    def has_owner_beside(self, user: UserId) -> bool:
        """Whether somebody else owns this relay and is not shut out."""
        select = "SELECT 1 FROM users WHERE role = 'owner' AND NOT disabled AND id <> ?"
        return self._conn.execute(select, (user,)).fetchone() is not None

    def set_role(self, user: UserId, role: Role) -> None:
        """Change what *user* is on this relay."""
        self._conn.execute("UPDATE users SET role = ? WHERE id = ?", (role, user))

    def set_disabled(self, user: UserId, disabled: bool) -> None:
        """Shut *user* out, or let them in again."""
        self._conn.execute("UPDATE users SET disabled = ? WHERE id = ?", (disabled, user))

    def _user(
        self, user_id: int, username: bytes, display_name: bytes, role: str, deleted_at: int | None = None
    ) -> User:
        if deleted_at is not None:
            return User(UserId(user_id), "", "", "member", deleted=True)
        opened = self._vault.open_name
        return User(
            UserId(user_id),
            opened(username, _USERNAME, user_id),
            opened(display_name, _DISPLAY_NAME, user_id),
            cast(Role, role),
        )
