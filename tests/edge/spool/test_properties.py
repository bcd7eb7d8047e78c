"""A station driven at random, crashing between any two steps: nothing is lost, nothing twice.

The model is plain: what was dropped, by content. Every content is, at any time, in the
scanner's folder, on its way, in the spool, or at the centre.
"""

import os
import re
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from edge.spool.values import OperatorState
from tests.support.faults import Crash, FaultyDisk
from tests.support.memory import memory_folder
from tests.support.station import Station, result_of
from vaguemestre.model.document import RouteKind
from vaguemestre.model.lot import LotHeader


class SpoolMachine(RuleBasedStateMachine):
    """Rules are what scanners, readers, the centre, operators and power cuts do."""

    @initialize()
    def start(self) -> None:
        self.folder = memory_folder()
        self.station = Station(Path(self.folder.name), FaultyDisk())
        self.dropped: dict[str, list[bytes]] = {}  # by name, each version that was written
        self.written = 0
        self.offered: list[str] = []

    def teardown(self) -> None:
        if not hasattr(self, "station"):
            return
        try:
            self.in_the_end_each_arrives_once()
        finally:
            self.station.spool.close()
            self.folder.cleanup()

    @rule(content=st.sampled_from([b"a", b"b", b"white"]), lots=st.integers(1, 2))
    def put(self, content: bytes, lots: int) -> None:
        for _ in range(lots):
            name = f"LOT{len(self.dropped)}.tif"
            self.dropped[name] = [content]
            self._write(name, content)

    def _write(self, name: str, content: bytes) -> None:
        self.station.drop(name, content)
        # The model tells files apart by their times, like the claim.
        self.written += 1
        os.utime(self.station.folder / name, ns=(0, self.written * 1_000))

    @rule(which=st.integers(0, 9))
    def the_scanner_writes_on(self, which: int) -> None:
        """It kept the file open, or opens it again: before the claim or after it."""
        there = [n for n in self.dropped if (self.station.folder / n).exists()]
        if there:
            name = there[which % len(there)]
            content = self.dropped[name][-1] + b"+%d" % self.written
            self.dropped[name].append(content)
            self._write(name, content)

    @rule(which=st.integers(0, 9))
    def a_file_is_touched(self, which: int) -> None:
        there = [n for n in self.dropped if (self.station.folder / n).exists()]
        if there:
            name = there[which % len(there)]
            self._write(name, self.dropped[name][-1])

    @rule()
    def let_go(self) -> None:
        self.station.let_go()

    @rule()
    def claim(self) -> None:
        self.station.settle()

    @rule(content=st.sampled_from([b"a", b"b"]))
    def a_lot_goes_all_the_way(self, content: bytes) -> None:
        self.put(content, 1)
        self.claim()
        self.read(None)
        self.acknowledge()

    @rule(expects=st.sampled_from([None, 1, 2]))
    def read(self, expects: int | None) -> None:
        for lot in self.station.spool.lots.lots_to_read()[:1]:
            header = LotHeader(expected_documents=expects) if expects else None
            result = result_of(lot, header)
            self.station.spool.lots.record_result(
                lot.lot.id, result, len(lot.files), {}, lot.edition
            )

    @rule()
    def close_what_is_short(self) -> None:
        for view in self.station.spool.status.lots_overview():
            if view.shown is OperatorState.INCOMPLETE:
                self.station.spool.lots.close_lots(view.id)

    @rule()
    def acknowledge(self) -> None:
        self.station.send()

    @rule()
    def refuse_one(self) -> None:
        for document in self.station.spool.outbox.documents_to_send(1):
            self.station.spool.outbox.refuse_document(document.id, "document_invalid", "Refusé.")

    @rule()
    def replay_what_was_refused(self) -> None:
        for view in self.station.spool.status.lots_overview():
            if view.refused:
                self.station.spool.outbox.replay(view.id)

    @rule(days=st.sampled_from([0, 3, 8]))
    def reap(self, days: int) -> None:
        self.station.clock.forward(days * 86_400)
        self.station.spool.retention.purge(self.station.clock())

    @rule(back_s=st.integers(1, 100_000))
    def clock_goes_back(self, back_s: int) -> None:
        self.station.clock.step(-back_s)

    @rule(after_steps=st.integers(1, 40), power_cut=st.booleans(), what=st.sampled_from("crspl"))
    def crash_and_reopen(self, after_steps: int, power_cut: bool, what: str) -> None:
        disk = FaultyDisk()
        self.station.reopen(disk)
        disk.fail_at = len(disk.steps) + after_steps
        act = {
            "c": self.claim,
            "r": lambda: self.read(None),
            "s": self.acknowledge,
            "l": self.let_go,
        }
        try:
            act.get(what, lambda: self.reap(8))()
        except Crash:
            if power_cut:
                disk.power_cut()
        self.station.reopen(FaultyDisk())

    @precondition(lambda self: hasattr(self, "station"))
    @invariant()
    def nothing_is_lost_and_order_is_kept(self) -> None:
        spool, centre = self.station.spool, self.station.centre
        self.station.counted()
        waiting = spool.outbox.documents_to_send(1_000)
        ids = [document.id for document in waiting]
        assert ids == sorted(ids)
        for document in waiting:
            for blob in spool.outbox.blobs_to_send(document.id):
                assert blob.path.stat().st_size == blob.size
        at_centre = {own_name(d.pages[0].ref.file) for d in centre.documents.values()}
        here = {own_name(d.document.pages[0].ref.file) for d in waiting}
        unread = {own_name(file.name) for lot in spool.lots.lots_to_read() for file in lot.files}
        folder = {path.name for path in self.station.folder.glob("*.tif")}
        open_claims = {f.file.name for _, files in spool.claims.open_claims("scan") for f in files}
        held = {view.name for view in spool.status.lots_overview() if view.id}
        assert self.dropped.keys() <= at_centre | here | unread | folder | open_claims | held
        # An id is new only if it sorts after all ids that were ever offered.
        fresh = [i for i in ids if i not in self.offered]
        assert not fresh or not self.offered or min(fresh) > max(self.offered)
        self.offered += fresh

    def in_the_end_each_arrives_once(self) -> None:
        for _ in range(2):
            self.close_what_is_short()
            self.replay_what_was_refused()
            self.station.drain()
            self.station.let_go()
        delivered = Counter(self.station.delivered())
        last = Counter(versions[-1] for versions in self.dropped.values())
        assert last <= delivered, "nothing is lost of what was written at last"
        assert delivered <= Counter(v for versions in self.dropped.values() for v in versions)
        assert not list(self.station.folder.glob("*.tif")), "all is let go in the end"
        self._what_was_read_before_goes_to_a_person()
        marked = [
            document.route.kind == "straight" and "probable_duplicate" in document.marks
            for document in self.station.centre.documents.values()
        ]
        assert not any(marked)

    def _what_was_read_before_goes_to_a_person(self) -> None:
        """Of two versions of a file in two lots the later one never goes straight through."""
        centre = self.station.centre
        for name, versions in self.dropped.items():
            own = [  # as they were read: ids ascend, and what was refused arrives late
                document
                for _, document in sorted(centre.documents.items())
                if own_name(document.pages[0].ref.file) == name
            ]
            assert own, "each file gives documents"
            for document in own[1:]:
                assert centre.blobs[document.pages[0].ref.sha256] in versions
                assert document.route.kind is not RouteKind.STRAIGHT


def own_name(name: str) -> str:
    """The scanner's name of a file whose later version was called ``LOT0 (2).tif``."""
    return re.sub(r" \(\d+\)(?=\.)", "", name)


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_s04_the_machine_drops_the_same_bytes_more_than_once() -> None:
    """Else duplicates (S6) would never be met on the way."""
    machine = SpoolMachine()
    machine.start()
    machine.put(b"a", 2)
    machine.teardown()
    documents = machine.station.centre.documents.values()
    assert [d.marks for d in documents] == [(), ("probable_duplicate",)]
