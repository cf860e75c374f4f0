"""One row for each kind of fault."""

from pmm.core.engine import Outcome
from pmm.model import MILLISECOND
from tests.chaos.gaps import Alarm, Gap, Verdict
from tests.chaos.run import Plan, Result
from tests.chaos.table import Row, quantile, table


def result(*gaps, **more):
    return Result(Plan.of(0), Verdict(gaps=list(gaps), **more), Outcome.STOPPED, "")


def gap(noticed=None, healed=None):
    after = [None if ms is None else ms * MILLISECOND for ms in (noticed, healed)]
    return Gap("0x1", 0, 0, noticed=after[0], healed=after[1])


def test_quantiles_are_milliseconds_by_rank():
    times = [n * MILLISECOND for n in range(1, 101)]
    assert [quantile(times, share) for share in (0.5, 0.99, 1.0)] == ["51", "100", "100"]
    assert quantile([], 0.5) == "-"


def test_a_row_counts_what_lasted_what_was_noticed_and_what_healed():
    row = Row("lost")
    row.add(result(gap(noticed=100), gap(healed=20), gap(healed=400), gap(noticed=300)))
    assert (row.lasting, len(row.noticed), row.healed) == (3, 2, 2)


def test_a_closed_socket_is_no_doubt():
    row = Row("lost")
    row.add(result(alarms=[Alarm("0x1", 0, 5, "socket"), Alarm("0x1", 0, 5, "refused")]))
    assert row.at_once == 1


def test_the_table_has_a_row_for_every_kind_that_ran():
    lines = table([result(gap(noticed=100), freezes=[(5 * MILLISECOND, 0)])]).splitlines()
    assert lines[2].split()[:4] == ["lost", "1", "0", "1"]
    assert "1 times, p50 5" in lines[3]
