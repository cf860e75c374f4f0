"""What a claim is worth that pays 1 or 0: exponential utility (which is LMSR), informed takers, and its volatility.

Pure maths in floats: probabilities p in (0, 1), inventory q in YES shares (NO counts negative), risk aversion gamma in
1/USD, prices in USD.  Nothing overflows for p from 1e-12 to 1 - 1e-12 and |gamma q| up to a million.

    CE(q) = -(1/gamma) ln(1 - p + p exp(-gamma q))            certainty equivalent of q shares held to the end
    r(q)  = dCE/dq = S(logit p - gamma q)                     what one more share is worth
    CE(q) = -(1/gamma) ln sum pi_i exp(-gamma q_i)            of shares of the outcomes of one event
    r_i   = pi_i exp(-gamma q_i) / sum pi_j exp(-gamma q_j)   a softmax: the r_i sum to 1
    ln((1 + mu)/(1 - mu)) = 2 artanh mu                       half-spread in log-odds where a part mu of takers knows

Hanson (2003) and Chen and Pennock (2007) for the market scoring rule with b = 1/gamma; Glosten and Milgrom (1985) for
informed takers; Moallemi and Robinson (2024) for the volatility of a Gaussian score.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atanh, exp, expm1, inf, log, log1p
from statistics import NormalDist

# A part of informed takers beyond this is no market to quote: the half-spread is 5.3 in log-odds there.
INFORMED_MAX = 0.99
_NORMAL = NormalDist()


def logit(p: float) -> float:
    """Log-odds of a probability: ln(p / (1 - p))."""
    return log(p) - log1p(-p)


def expit(x: float) -> float:
    """S(x) = 1 / (1 + exp(-x)), the inverse of `logit`."""
    if x >= 0:
        return 1 / (1 + exp(-x))
    grown = exp(x)
    return grown / (1 + grown)


# --- inventory that is held to the end ----------------------------------------------------------------------------


def certainty_equivalent(p: float, position: float, gamma: float) -> float:
    """The sure money (USD) that `position` shares are worth as much as; p q for gamma = 0."""
    risk = gamma * position
    if gamma == 0:
        return p * position
    if abs(risk) < 1:
        return -log1p(p * expm1(-risk)) / gamma
    return -_log_sum(log1p(-p), log(p) - risk) / gamma


def reservation(p: float, position: float, gamma: float) -> float:
    """S(logit p - gamma q): what one more share is worth to whoever holds `position` of them (USD)."""
    return expit(logit(p) - gamma * position)


def block_value(p: float, position: float, size: float, gamma: float) -> float:
    """CE(q + n) - CE(q): what `size` more shares are worth together (USD)."""
    return certainty_equivalent(p, position + size, gamma) - certainty_equivalent(p, position, gamma)


def event_certainty_equivalent(probabilities: Sequence[float], positions: Sequence[float], gamma: float) -> float:
    """The sure money (USD) that YES shares of the outcomes of one event are worth as much as.

    One NO share of an outcome is one YES share of every other one; exactly one outcome wins.
    """
    if gamma == 0:
        return sum(p * held for p, held in zip(probabilities, positions, strict=True))
    least = min(positions)
    risks = [gamma * (held - least) for held in positions]
    if max(risks) < 1:
        return least - log1p(sum(p * expm1(-risk) for p, risk in zip(probabilities, risks, strict=True))) / gamma
    return least - _log_sum(*_log_weights(probabilities, risks)) / gamma


def event_reservations(probabilities: Sequence[float], positions: Sequence[float], gamma: float) -> list[float]:
    """What one more YES share of each outcome is worth (USD); they sum to 1, and to give every outcome as many shares
    more changes nothing.
    """
    logs = _log_weights(probabilities, [gamma * held for held in positions])
    most = max(logs)
    weights = [exp(one - most) for one in logs]
    total = sum(weights)
    return [weight / total for weight in weights]


def event_log_odds(probabilities: Sequence[float], positions: Sequence[float], gamma: float, index: int) -> float:
    """Log-odds of one of `event_reservations`, also where it is too near 0 or 1 for a float to show."""
    logs = _log_weights(probabilities, [gamma * held for held in positions])
    return logs[index] - _log_sum(*logs[:index], *logs[index + 1 :])


# --- takers that know ---------------------------------------------------------------------------------------------


def informed_quotes(p: float, informed: float) -> tuple[float, float]:
    """Bid and ask (USD) that earn nothing where a part `informed` of takers knows the outcome."""
    bid = p * (1 - informed) / ((1 - informed) + 2 * informed * (1 - p))
    ask = p * (1 + informed) / ((1 - informed) + 2 * informed * p)
    return bid, ask


def informed_half_spread(informed: float) -> float:
    """2 artanh(mu), the distance of those quotes from p in log-odds, the same at every p and on both sides."""
    return 2 * atanh(informed)


def informed_share(p: float, markout: float) -> float:
    """The part of takers that know: mean adverse move after a fill (USD per share) by 2 p (1 - p), which holds while it
    is small; within 0 and `INFORMED_MAX`.
    """
    return min(max(markout / (2 * p * (1 - p)), 0.0), INFORMED_MAX)


# --- volatility ---------------------------------------------------------------------------------------------------


def score_volatility(p: float) -> float:
    """phi(Phi^-1(p)): by it and the square root of the time that is left, p moves where a Gaussian score decides."""
    return _NORMAL.pdf(_NORMAL.inv_cdf(p))


def score_variance(p: float, left: float) -> float:
    """phi(Phi^-1(p))^2 / tau: variance of p per second with `left` seconds to the end of a Gaussian score (USD^2/s)."""
    return score_volatility(p) ** 2 / left


def _log_weights(probabilities: Sequence[float], risks: Sequence[float]) -> list[float]:
    return [(log(p) if p > 0 else -inf) - risk for p, risk in zip(probabilities, risks, strict=True)]


def _log_sum(*logs: float) -> float:
    """ln of a sum whose terms are given as logarithms; -inf for none."""
    most = max(logs, default=-inf)
    if most == -inf:
        return most
    place = logs.index(most)
    return most + log1p(sum(exp(one - most) for index, one in enumerate(logs) if index != place))
