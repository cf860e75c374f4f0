"""Every state machine of the engine by name: what `pmm machines` prints and the docs draw."""

from __future__ import annotations

from pmm.core.account_watch import ACCOUNT
from pmm.core.daily_loss import DAILY_LOSS
from pmm.core.feed import FEED
from pmm.core.heartbeat import HEARTBEAT
from pmm.core.orders import ORDER
from pmm.core.regime import REGIME
from pmm.core.risk import RISK
from pmm.core.scoring import SCORING
from pmm.core.settlement import SETTLEMENT
from pmm.core.source import SOURCE
from pmm.core.trust import TRUST
from pmm.core.venue_status import VENUE
from pmm.fsm import Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (FEED, TRUST, SOURCE, ORDER, SETTLEMENT, RISK, VENUE, HEARTBEAT, ACCOUNT, DAILY_LOSS, REGIME, SCORING)
}
