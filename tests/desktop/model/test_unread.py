"""What has not been read yet."""

from __future__ import annotations

import msgspec

from common.ids import Seq, UserId
from common.protocol.messages import Entry
from desktop.model.unread import NewMark, Unread
from tests.desktop.model.people import ANNA, BORIS, group, said


def unread(*, last_seq: int = 10, read_seq: int = 4, count: int = 3) -> Unread:
    """Anna's, as the relay has counted it."""
    marker = Unread(ANNA.id)
    marker.told(group(last_seq=last_seq, read_seq=read_seq, unread=count))
    return marker


class TestTheCount:
    def test_it_is_the_relays_at_first(self):
        assert unread().count == 3

    def test_what_arrives_later_is_counted_on_top_once(self):
        marker = unread()
        marker.known([said(11, BORIS), said(12, ANNA), said(13, BORIS, kind="join"), said(14, BORIS)])
        marker.known([said(11, BORIS)])
        assert marker.count == 5

    def test_what_the_relay_has_counted_already_is_not_counted_again(self):
        marker = unread()
        marker.known([said(9, BORIS), said(10, BORIS)])
        assert marker.count == 3

    def test_reading_some_of_it_takes_those_off(self):
        marker = unread()
        marker.known([said(seq, BORIS) for seq in (8, 9, 10, 11)])
        assert marker.move(Seq(8))
        assert marker.count == 3
        marker.move(Seq(10))
        assert marker.count == 1
        marker.move(Seq(11))
        assert marker.count == 0

    def test_reading_to_the_end_leaves_nothing_even_of_what_was_never_fetched(self):
        marker = unread()
        marker.move(Seq(10))
        assert marker.count == 0

    def test_the_marker_never_goes_back(self):
        marker = unread()
        assert not marker.move(Seq(3))
        assert marker.read_seq == 4
        marker.move(Seq(9))
        marker.told(group(last_seq=10, read_seq=4, unread=3))
        assert marker.read_seq == 9

    def test_a_count_made_before_the_marker_moved_is_corrected(self):
        marker = unread()
        marker.known([said(seq, BORIS) for seq in (8, 9, 10)])
        marker.move(Seq(9))
        marker.told(group(last_seq=10, read_seq=4, unread=3))
        assert marker.count == 1


class TestTheCalls:
    @staticmethod
    def calls(count: int = 0) -> Unread:
        """How often Anna is called, as the relay has counted it up to entry 10."""
        marker = Unread(ANNA.id, only_calls=True)
        marker.told(msgspec.structs.replace(group(last_seq=10, read_seq=4), mentions=count))
        return marker

    @staticmethod
    def edit(seq: int, target: int, *mentions: UserId) -> Entry:
        return msgspec.structs.replace(said(seq, BORIS, kind="edit"), target=Seq(target), mentions=mentions)

    def test_a_message_that_calls_only_since_it_was_edited_counts(self):
        marker = self.calls()
        marker.known([said(8, BORIS), said(11, BORIS)])
        marker.edited(self.edit(12, 8, ANNA.id))
        marker.edited(self.edit(13, 11, ANNA.id))
        marker.edited(self.edit(13, 11, ANNA.id))
        assert marker.count == 2

    def test_one_that_calls_no_more_does_not(self):
        marker = self.calls()
        marker.edited(self.edit(12, 8, ANNA.id))
        marker.edited(self.edit(13, 8))
        assert marker.count == 0

    def test_what_the_relay_has_counted_with_its_edits_is_not_counted_again(self):
        marker = self.calls(1)
        marker.edited(self.edit(9, 8, ANNA.id))
        assert marker.count == 1


class TestTheNewLine:
    def test_it_is_set_at_opening_and_stays_however_much_is_read(self):
        marker, line = unread(), NewMark()
        line.opened(marker)
        assert line.after == 4
        marker.move(Seq(10))
        assert not line.arrived([said(11, BORIS)], marker, watched=True)
        assert line.after == 4

    def test_there_is_none_when_all_has_been_read(self):
        line = NewMark()
        line.opened(unread(read_seq=10, count=0))
        assert line.after is None

    def test_it_comes_with_the_first_message_that_nobody_sees(self):
        marker, line = unread(read_seq=10, count=0), NewMark()
        line.opened(marker)
        assert not line.arrived([said(11, BORIS)], marker, watched=True)
        marker.move(Seq(11))
        assert not line.arrived([said(12, ANNA)], marker, watched=False)
        assert line.arrived([said(13, BORIS)], marker, watched=False)
        assert line.after == 11
        marker.known([said(13, BORIS)])
        assert not line.arrived([said(14, BORIS)], marker, watched=False)

    def test_it_moves_when_all_above_has_been_read_and_nobody_looks(self):
        marker, line = unread(), NewMark()
        line.opened(marker)
        marker.move(Seq(10))
        assert line.arrived([said(11, BORIS)], marker, watched=False)
        assert line.after == 10

    def test_older_pages_never_set_it(self):
        marker, line = unread(read_seq=10, count=0), NewMark()
        line.opened(marker)
        assert not line.arrived([said(3, BORIS)], marker, watched=False)

    def test_an_answer_takes_it_away(self):
        line = NewMark()
        line.opened(unread())
        assert line.said_something()
        assert line.after is None
        assert not line.said_something()
