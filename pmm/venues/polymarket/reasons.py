"""Why the venue refuses or doubts an order, for people: its sentences and the symbolic codes of its older pages.

What each proves is judged by `words`, as it is for answers; here stands what it means and what the bot does.
(Protocol reference, section 3.11.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmm.venues.polymarket import words


@dataclass(frozen=True, slots=True)
class Reason:
    """`text` is part of the sentence, `codes` the symbols that were seen for it."""

    text: str
    meaning: str
    remedy: str
    codes: tuple[str, ...] = ()

    @property
    def proves(self) -> str:
        """What it says about the order."""
        if self.text.lower() == words.DUPLICATED:
            return "the venue has the order already"
        if words.refuse(self.text) or any(words.refuse(code) for code in self.codes):
            return "the order was not taken"
        return "nothing: the order may have been taken"


REASONS: tuple[Reason, ...] = (
    Reason(
        "crosses",
        "A post-only order would have traded at once: the book moved while it was on its way.",
        "The bot decides anew on the book it has by then; many of these in a row mean a book that lags.",
        ("INVALID_POST_ONLY_ORDER",),
    ),
    Reason(
        "not enough balance",
        "The account has less than the order and those already open need: dollars for a purchase, shares for a sale.",
        "For a sale the bot buys the other token instead for half a minute; see `pmm wallet` and `pmm positions`.",
        ("INVALID_ORDER_NOT_ENOUGH_BALANCE",),
    ),
    Reason(
        "allowance is not enough",
        "The exchange contract may not move the money or the shares of this wallet.",
        "`pmm doctor --live` names the approval that is missing.",
    ),
    Reason(
        "tick size",
        "The price is not on the price step of the market, which may just have changed.",
        "The bot learns the step from the market data and quotes on it; nothing is to be done.",
        ("INVALID_ORDER_MIN_TICK_SIZE",),
    ),
    Reason(
        "lower than the minimum",
        "The order is smaller than the market allows.",
        "Raise the size of quotes (mm.size) to the market's minimum, which `pmm markets show` tells.",
        ("INVALID_ORDER_MIN_SIZE",),
    ),
    Reason(
        "duplicated",
        "The venue has an order of the same signed bytes.",
        "The bot takes it for accepted and asks what became of it.",
        ("INVALID_ORDER_DUPLICATED",),
    ),
    Reason(
        "invalid expiration",
        "The order would end too soon, or has ended: expiries lie at least a minute ahead.",
        "Compare the clocks with `pmm doctor`; see live.order_life.",
        ("INVALID_ORDER_EXPIRATION",),
    ),
    Reason("invalid nonce", "The number that voids older orders is not the account's.", "Report it: a defect of ours."),
    Reason(
        "invalid order payload",
        "The venue cannot read the request.",
        "Report it: a defect of ours, or a change of the venue's protocol.",
        ("INVALID_ORDER_ERROR", "INVALID_POST_ONLY_ORDER_TYPE"),
    ),
    Reason(
        "has to be the owner",
        "The order names another owner or signer than the credentials belong to.",
        "`pmm wallet` shows who signs; derive the credentials anew.",
    ),
    Reason("has to be the address", "The signer of the order is not that of the credentials.", "See `pmm wallet`."),
    Reason("banned", "The venue bars this address.", "Nothing can be placed; ask the venue."),
    Reason(
        "closed only mode",
        "The venue lets this address close positions only.",
        "Nothing new can be quoted; ask the venue.",
    ),
    Reason("too many orders", "One request carried more orders than are allowed.", "Report it: a defect of ours."),
    Reason(
        "too many requests",
        "More was sent than the venue's limits allow.",
        "The bot waits as long as it is told; quote fewer markets, or requote less often.",
    ),
    Reason(
        "fully filled or killed",
        "An order that had to trade whole at once could not.",
        "Nothing of it is left; the bot itself places none of these.",
        ("FOK_ORDER_NOT_FILLED_ERROR",),
    ),
    Reason(
        "no orders found to match",
        "An order that had to trade at once found nothing.",
        "Nothing of it is left; the bot itself places none of these.",
    ),
    Reason(
        "not yet ready",
        "The market takes no orders for the moment.",
        "The bot tries again; `pmm markets show` tells whether it is open.",
        ("MARKET_NOT_READY",),
    ),
    Reason(
        "order_version_mismatch",
        "The order was signed for another version of the exchange.",
        "Update pmm; until then nothing can be placed in this market.",
        ("order_version_mismatch",),
    ),
    Reason("canceled in the ctf exchange", "The order was voided on the chain.", "The bot decides anew."),
    Reason("no orderbook exists", "The venue has no book for that token.", "The market is over, or its id is wrong."),
    Reason(
        "unauthorized",
        "The venue does not accept the credentials.",
        "The bot derives them anew once; then `pmm doctor --live` says what is wrong.",
    ),
    Reason(
        "trading restricted",
        "The venue does not trade with this place on earth.",
        "Nothing can be placed from here.",
    ),
    Reason(
        "trading is currently disabled",
        "The venue has stopped trading altogether.",
        "The bot places nothing and looks again as often as the venue asks.",
    ),
    Reason("cancel-only", "The venue takes cancels and no orders.", "The bot places nothing until that is over."),
    Reason(
        "post-only mode",
        "The venue takes post-only orders and cancels, after a restart.",
        "The bot's orders are post-only: it goes on.",
        ("post_only_mode",),
    ),
    Reason(
        "order match delayed",
        "The venue holds the order back for a while before it matches it.",
        "The order is in doubt until a read shows it.",
        ("ORDER_DELAYED", "DELAYING_ORDER_ERROR"),
    ),
    Reason(
        "internal server error",
        "Something broke at the venue after it had the order.",
        "The order is in doubt and counts as open until a read proves what became of it.",
        ("EXECUTION_ERROR",),
    ),
    Reason(
        "could not insert order",
        "The venue failed while it put the order into its book.",
        "The order is in doubt and counts as open until a read proves what became of it.",
    ),
)


def reason_of(text: str) -> Reason | None:
    """The reason that a code names, or that a sentence of the venue contains; None where nobody knows it."""
    code, sentence = text.strip().lower(), " ".join(text.lower().split())
    named = (reason for reason in REASONS if code in {one.lower() for one in reason.codes})
    # "not enough balance / allowance: the allowance is not enough": the part that says more comes first.
    told = sorted((reason for reason in REASONS if reason.text in sentence), key=lambda one: -len(one.text))
    return next(named, None) or next(iter(told), None)


def names() -> Iterator[str]:
    """Every code and every text there is."""
    for reason in REASONS:
        yield from (reason.text, *reason.codes)
