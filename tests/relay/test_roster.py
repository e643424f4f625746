"""Who is in which group, and who sees which."""

from __future__ import annotations

from common.ids import GroupId, Seq, UserId
from common.protocol.messages import GroupKind, Role
from relay.roster import Group, Roster

GENERAL, OPEN, PRIVATE, DIRECT, NOTES = (GroupId(number) for number in range(1, 6))
ANNA, BORIS, VERA = (UserId(number) for number in range(1, 4))


def roster() -> Roster:
    made = Roster(GENERAL)

    def add(group: GroupId, kind: GroupKind, private: bool, roles: dict[UserId, Role]) -> None:
        made.add_group(Group(group, kind, "", "", private, Seq(0), roles))

    # Not by number, as they come when several are made at once.
    add(NOTES, "direct", True, {ANNA: "member"})
    add(DIRECT, "direct", True, {ANNA: "member", BORIS: "member"})
    add(PRIVATE, "group", True, {BORIS: "owner"})
    add(OPEN, "group", False, {BORIS: "owner"})
    add(GENERAL, "general", False, {ANNA: "owner", BORIS: "member", VERA: "member"})
    return made


def seen(made: Roster, user: UserId) -> list[GroupId]:
    return [group.id for group in made.seen_by(user)]


def test_people_see_their_groups_and_the_open_ones_by_number():
    made = roster()
    assert seen(made, ANNA) == [GENERAL, OPEN, DIRECT, NOTES]
    assert seen(made, BORIS) == [GENERAL, OPEN, PRIVATE, DIRECT]
    assert seen(made, VERA) == [GENERAL, OPEN]
    assert seen(made, UserId(99)) == [OPEN]


def test_who_comes_sees_and_who_goes_does_not():
    made = roster()
    made.add_member(PRIVATE, VERA, "member")
    made.add_member(OPEN, VERA, "member")
    assert seen(made, VERA) == [GENERAL, OPEN, PRIVATE]
    for group in (PRIVATE, OPEN):
        made.remove_member(group, VERA)
        made.remove_member(group, VERA)
    assert seen(made, VERA) == [GENERAL, OPEN]
    assert made.role(PRIVATE, VERA) is None


def test_the_peer_is_the_other_one_or_oneself():
    made = roster()
    groups = {group.id: group for group in made.seen_by(ANNA)}
    assert (groups[DIRECT].peer_of(ANNA), groups[DIRECT].peer_of(BORIS)) == (BORIS, ANNA)
    assert groups[NOTES].peer_of(ANNA) == ANNA
    assert groups[GENERAL].peer_of(ANNA) is None


def test_a_role_is_given_to_members_only():
    made = roster()
    made.set_role(OPEN, BORIS, "admin")
    made.set_role(OPEN, VERA, "owner")
    assert (made.role(OPEN, BORIS), made.role(OPEN, VERA)) == ("admin", None)
