"""People: names, presence, how far they have read."""

from __future__ import annotations

from common.ids import Seq, UserId
from common.protocol.messages import Member, User
from desktop.model.roster import Roster
from tests.desktop.model.people import ANNA, BORIS, GENERAL, MEI, MORNING, said

MEMBERS = (
    Member(BORIS, "member", "offline", Seq(7)),
    Member(MEI, "member", "online", Seq(3)),
    Member(ANNA, "owner", "online", Seq(9)),
)


def roster() -> Roster:
    people = Roster(ANNA)
    people.list_members(GENERAL, MEMBERS)
    return people


def test_names_are_display_names_else_user_names_else_numbers():
    people = roster()
    assert [people.name(user) for user in (ANNA.id, MEI.id, UserId(77))] == ["Анна Петрова", "mei", "#77"]
    assert not people.knows(UserId(77))


def test_only_people_who_changed_are_told():
    people = roster()
    renamed = User(BORIS.id, "boris", "Boris L.", "member")
    assert people.know([MEI, renamed]) == {BORIS.id}
    assert people.name(BORIS.id) == "Boris L."


def test_own_new_name_is_taken_over():
    people = roster()
    people.know([User(ANNA.id, "anna", "Аня", "owner")])
    assert people.me.display_name == "Аня"


def test_the_members_pane_has_those_who_are_here_first():
    people = roster()
    assert [(row.name, row.presence, row.own) for row in people.members(GENERAL)] == [
        ("Анна Петрова", "online", True),
        ("mei", "online", False),
        ("Boris Lund", "offline", False),
    ]
    assert people.count(GENERAL) == (3, 2)
    people.see_presence(BORIS.id, "online")
    people.see_presence(MEI.id, "offline")
    assert [row.name for row in people.members(GENERAL)] == ["Анна Петрова", "Boris Lund", "mei"]
    assert people.online_count() == 2


def test_without_a_link_nobody_is_here():
    people = roster()
    people.nobody_is_here()
    assert people.count(GENERAL) == (3, 0)


def test_read_is_the_furthest_that_anybody_else_has_read():
    people = roster()
    assert people.read_by_others(GENERAL) == 7
    people.see_read(GENERAL, MEI.id, Seq(8))
    people.see_read(GENERAL, MEI.id, Seq(2))
    people.see_read(GENERAL, ANNA.id, Seq(100))
    assert people.read_by_others(GENERAL) == 8
    people.list_members(GENERAL, MEMBERS)
    assert people.read_by_others(GENERAL) == 8, "a list that was under way does not take it back"


def test_members_come_and_go_with_the_log():
    people = roster()
    newcomer = User(UserId(4), "omar", "Omar", "member")
    people.know([newcomer])
    assert people.follow(GENERAL, said(1, newcomer, kind="join"), MORNING)
    assert people.follow(GENERAL, said(2, BORIS, kind="leave"), MORNING)
    assert [row.name for row in people.members(GENERAL)] == ["Анна Петрова", "mei", "Omar"]
    people.forget_group(GENERAL)
    assert people.count(GENERAL) is None
    assert not people.follow(GENERAL, said(1, newcomer, kind="join"), MORNING)
    people.see_read(GENERAL, newcomer.id, Seq(1))
    assert people.count(GENERAL) is None, "one of many is no list"
