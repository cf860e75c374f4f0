"""Quoting models by name: ours, and those of packages that say so in the entry point group `pmm.strategies`.

An entry point names a factory that takes the settings and returns a strategy (`pmm.core.view.Strategy`).  Ours come
first: no package replaces a model that is built in.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import entry_points
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

from pmm.core.ladder import Rungs, Shape
from pmm.core.view import Strategy
from pmm.errors import ConfigError
from pmm.settings import Settings
from pmm.settings.units import Section
from pmm.strategies.avellaneda_stoikov import AvellanedaStoikov, AvellanedaStoikovParams
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from pmm.strategies.glft import Glft, GlftParams
from pmm.strategies.inventory_skew import InventorySkew, InventorySkewParams
from pmm.strategies.log_odds import LEVELS, LogOdds, LogOddsParams

Factory: TypeAlias = Callable[[Settings], Strategy]

GROUP = "pmm.strategies"
AUTO = "auto"
# What `auto` is: on a real venue, and on an exchange of one's own or where another spread is asked for.
REAL, LOCAL = "log_odds", "fixed_spread"


def _fixed_spread(settings: Settings) -> Strategy:
    mm = settings.mm
    return FixedSpread(FixedSpreadParams(mm.spread_price, mm.size_micro, mm.position_limit_micro))


def _inventory_skew(settings: Settings) -> Strategy:
    skew = float(settings.inventory_skew.skew)
    return InventorySkew(InventorySkewParams(settings.mm.spread_price, skew, _rungs(settings)))


def _avellaneda_stoikov(settings: Settings) -> Strategy:
    return AvellanedaStoikov(AvellanedaStoikovParams(**_floats(settings.avellaneda_stoikov), rungs=_rungs(settings)))


def _glft(settings: Settings) -> Strategy:
    numbers = _floats(settings.glft)
    horizon = numbers.pop("horizon") or None
    return Glft(GlftParams(**numbers, horizon=horizon, exact=settings.glft.exact, rungs=_rungs(settings)))


def _log_odds(settings: Settings) -> Strategy:
    return LogOdds(LogOddsParams(**_floats(settings.log_odds), rungs=_rungs(settings, LEVELS)))


STRATEGIES: dict[str, Factory] = {
    "avellaneda_stoikov": _avellaneda_stoikov,
    "fixed_spread": _fixed_spread,
    "glft": _glft,
    "inventory_skew": _inventory_skew,
    "log_odds": _log_odds,
}


def model_for(settings: Settings) -> Strategy:
    """The quoting model of the settings.  Raises ConfigError that lists the names there are."""
    name = settings.mm.strategy
    if name == AUTO:
        # Whoever asks for another spread means the model that quotes it.
        spread_asked = settings.mm.spread != type(settings.mm)().spread
        name = LOCAL if spread_asked or _own_exchange(settings.venue.clob_api_url) else REAL
    make = factory(name)
    if make is None:
        raise ConfigError([f"mm.strategy: {name!r} is not one of {', '.join([AUTO, *names()])}"])
    return make(settings)


def factory(name: str) -> Factory | None:
    """What makes the model of that name; None where there is none.  Raises ConfigError for a package that is broken."""
    if name in STRATEGIES:
        return STRATEGIES[name]
    for point in entry_points(group=GROUP, name=name):
        try:
            made: Factory = point.load()
        except Exception as error:
            raise ConfigError([f"mm.strategy: {name!r} of {point.value} cannot be loaded: {error!r}"]) from error
        return made
    return None


def names() -> list[str]:
    """Every model that can be chosen."""
    return sorted({*STRATEGIES, *(point.name for point in entry_points(group=GROUP))})


def at_home(settings: Settings) -> Settings:
    """The same on an exchange within this process, whatever venue they name."""
    if settings.mm.strategy != AUTO:
        return settings
    return settings.model_copy(update={"mm": settings.mm.model_copy(update={"strategy": LOCAL})})


def _own_exchange(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _rungs(settings: Settings, levels: int = 1) -> Rungs:
    """The ladder of the settings; `levels` is what the model does by itself."""
    mm = settings.mm
    return Rungs(
        mm.size_micro, mm.position_limit_micro, mm.levels or levels, mm.level_step_price, Shape(mm.level_shape)
    )


def _floats(section: Section) -> dict[str, float]:
    """The numbers of a section as models take them."""
    return {name: float(value) for name, value in section if isinstance(value, Decimal)}
