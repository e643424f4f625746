"""What every storage must do with roles, bans, direct conversations and invitations."""

from __future__ import annotations

import pytest

from common.errors import NotAllowed
from common.ids import GroupId, Millis, UserId
from common.protocol.messages import Invite, Role
from relay.storage.transaction import Transaction
from tests.contracts.storages import Stage


async def group_of(stage: Stage, **roles: Role) -> GroupId:
    """A group where anna and boris have these roles, in this order."""
    group = await stage.new_group()
    for name, role in roles.items():
        stage.now = Millis(stage.now + 1)
        user = getattr(stage, name)
        await joins(stage, group, user, role)
    return group


async def joins(stage: Stage, group: GroupId, user: UserId, role: Role) -> None:
    await stage.write(lambda tx: tx.groups.add_member(group, user, role, tx.now))


async def newcomer(stage: Stage, name: str) -> UserId:
    user = await stage.write(lambda tx: tx.people.add(name, name.title(), "", "member", tx.now))
    return UserId(user.id)


async def test_a_topic_stays_until_there_is_another(stage: Stage) -> None:
    group = await stage.new_group()
    await stage.write(lambda tx: tx.groups.set_topic(group, "о чашках"))
    await stage.reopen()
    row = await stage.read(lambda tables: tables.groups.get(group))
    assert (row.name, row.topic) == ("склад", "о чашках")


async def test_a_role_is_given_to_members_only(stage: Stage) -> None:
    group = await group_of(stage, anna="owner")
    await stage.write(lambda tx: tx.groups.set_role(group, stage.anna, "admin"))
    await stage.write(lambda tx: tx.groups.set_role(group, stage.boris, "owner"))
    assert await stage.read(lambda tables: tables.groups.role(group, stage.anna)) == "admin"
    assert await stage.read(lambda tables: tables.groups.role(group, stage.boris)) is None
    assert await stage.read(lambda tables: tables.groups.role(stage.general, stage.anna)) == "member"


async def test_who_comes_after_an_owner(stage: Stage) -> None:
    group = await group_of(stage, anna="owner", boris="member")
    vera, gleb = await newcomer(stage, "vera"), await newcomer(stage, "gleb")

    async def heir(user: UserId) -> UserId | None:
        found: UserId | None = await stage.read(lambda tables: tables.groups.heir(group, user))
        return found

    assert await heir(stage.anna) == stage.boris
    stage.now = Millis(stage.now + 1)
    await stage.write(lambda tx: tx.groups.add_member(group, gleb, "admin", tx.now))
    stage.now = Millis(stage.now + 1)
    await stage.write(lambda tx: tx.groups.add_member(group, vera, "admin", tx.now))
    assert await heir(stage.anna) == gleb, "admins before members, of them the one who is longest in it"
    assert await heir(gleb) == vera
    assert not await stage.read(lambda tables: tables.groups.has_owner_beside(group, stage.anna))
    assert await stage.read(lambda tables: tables.groups.has_owner_beside(group, stage.boris))
    alone = await group_of(stage, anna="owner")
    assert await stage.read(lambda tables: tables.groups.heir(alone, stage.anna)) is None
    assert not await stage.read(lambda tables: tables.groups.is_empty(alone))
    await stage.write(lambda tx: tx.groups.remove_member(alone, stage.anna))
    assert await stage.read(lambda tables: tables.groups.is_empty(alone))


async def test_a_ban_holds_in_its_group_until_it_is_lifted(stage: Stage) -> None:
    group, other = await stage.new_group(), await stage.new_group()
    await stage.write(lambda tx: tx.bans.add(group, stage.boris, stage.anna, tx.now))
    await stage.reopen()
    assert await stage.read(lambda tables: tables.bans.holds(group, stage.boris))
    assert not await stage.read(lambda tables: tables.bans.holds(other, stage.boris))
    assert not await stage.read(lambda tables: tables.bans.holds(group, stage.anna))
    await stage.write(lambda tx: tx.bans.lift(group, stage.boris))
    assert not await stage.read(lambda tables: tables.bans.holds(group, stage.boris))


async def test_two_people_have_one_direct_conversation(stage: Stage) -> None:
    group = await stage.write(lambda tx: tx.groups.create("direct", "", "", True, tx.now))
    await stage.write(lambda tx: tx.directs.add(stage.boris, stage.anna, group))
    await stage.reopen()
    for one, other in ((stage.anna, stage.boris), (stage.boris, stage.anna)):
        assert await between(stage, one, other) == group
    assert await between(stage, stage.anna, stage.anna) is None


async def between(stage: Stage, one: UserId, other: UserId) -> GroupId | None:
    found: GroupId | None = await stage.read(lambda tables: tables.directs.between(one, other))
    return found


async def test_an_invitation_is_found_by_its_code_as_long_as_it_is_good(stage: Stage) -> None:
    group = await stage.new_group()
    until = Millis(stage.now + 1000)
    invite, code = await stage.write(lambda tx: tx.invites.add(stage.anna, group, 2, until, tx.now))
    await stage.reopen()

    async def is_good(now: int, typed: str = code) -> bool:
        return bool(await stage.read(lambda tables: tables.invites.by_code(typed, Millis(now))) is not None)

    assert await stage.read(lambda tables: tables.invites.by_code(code.lower().replace("-", ""), stage.now)) == invite
    assert not await is_good(stage.now, "AAAA-BBBB-CCCC-DDDD")
    assert await is_good(until - 1)
    assert not await is_good(until)
    await stage.write(lambda tx: tx.invites.use(invite))
    (left,) = await stage.read(lambda tables: tables.invites.good_ones(group, stage.now))
    assert (left.id, left.uses, left.expires) == (invite.id, 1, until)
    assert await stage.read(lambda tables: tables.invites.good_ones(None, stage.now)) == []
    await stage.write(lambda tx: tx.invites.use(invite))
    assert not await is_good(stage.now)
    assert await stage.read(lambda tables: tables.invites.get(invite.id)) is None


async def test_an_invitation_without_limits_stays_until_it_is_revoked(stage: Stage) -> None:
    invite, code = await stage.write(lambda tx: tx.invites.add(stage.anna, None, None, None, tx.now))
    for _ in range(5):
        await stage.write(lambda tx: tx.invites.use(invite))
    assert await stage.read(lambda tables: tables.invites.good_ones(None, stage.now)) == [invite]
    await stage.write(lambda tx: tx.invites.revoke(invite.id))
    assert await stage.read(lambda tables: tables.invites.by_code(code, stage.now)) is None


async def good_ones(stage: Stage, where: GroupId | None) -> list[Invite]:
    found: list[Invite] = await stage.read(lambda tables: tables.invites.good_ones(where, stage.now))
    return found


async def test_what_somebody_gave_out_goes_for_one_group(stage: Stage) -> None:
    group, other = await stage.new_group(), await stage.new_group()

    def make(transaction: Transaction) -> None:
        for by, where in ((stage.anna, group), (stage.boris, group), (stage.anna, other), (stage.anna, None)):
            transaction.invites.add(by, where, None, None, transaction.now)
        transaction.invites.revoke_all_of(group, stage.anna)

    await stage.write(make)
    by = [[invite.by for invite in await good_ones(stage, where)] for where in (group, other, None)]
    assert by == [[stage.boris], [stage.anna], [stage.anna]]


async def test_nobody_comes_in_by_somebody_who_was_shut_out(stage: Stage) -> None:
    _, code = await stage.write(lambda tx: tx.invites.add(stage.anna, None, None, None, tx.now))
    await stage.write(lambda tx: tx.people.set_disabled(stage.anna, True))
    assert await stage.read(lambda tables: tables.invites.by_code(code, stage.now)) is None
    assert await stage.read(lambda tables: tables.invites.good_ones(None, stage.now)) == []


async def test_what_is_to_follow_is_forgotten_with_what_it_follows_from(stage: Stage) -> None:
    done: list[str] = []

    def fail(transaction: Transaction) -> None:
        transaction.afterwards(lambda: done.append("never"))
        raise NotAllowed

    def work(transaction: Transaction) -> list[int]:
        transaction.attempt(lambda tx: tx.afterwards(lambda: done.append("first")))
        transaction.attempt(fail)
        transaction.attempt(lambda tx: tx.afterwards(lambda: done.append("second")))
        for _, step in transaction.steps:
            step()
        return [appended for appended, _ in transaction.steps]

    assert await stage.write(work) == [0, 0]
    assert done == ["first", "second"]


@pytest.mark.parametrize("code", ["", "-", "   "])
async def test_an_empty_code_is_nobodys(stage: Stage, code: str) -> None:
    await stage.write(lambda tx: tx.invites.add(stage.anna, None, None, None, tx.now))
    assert await stage.read(lambda tables: tables.invites.by_code(code, stage.now)) is None
