"""The names of a setting: its dotted key, its `PMM_SECTION__KEY` variable and, for some, a short alias."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from pmm.settings.fields import Settings

PREFIX = "PMM_"
FILE_SUFFIX = "_FILE"

# Short names that users already have in their environment; they mean the same as the long ones.
ALIASES: dict[str, str] = {
    "CHAIN_ID": "venue.chain_id",
    "CLOB_API_URL": "venue.clob_api_url",
    "GAMMA_API_URL": "venue.gamma_api_url",
    "WS_MARKET_URL": "venue.ws_market_url",
    "WS_USER_URL": "venue.ws_user_url",
    "POLY_PRIVATE_KEY": "wallet.private_key",
    "POLY_API_KEY": "wallet.api_key",
    "POLY_API_SECRET": "wallet.api_secret",
    "POLY_PASSPHRASE": "wallet.passphrase",
    "POLY_FUNDER": "wallet.funder",
    "POLY_SIGNATURE_TYPE": "wallet.signature_type",
    "PMM_KEYSTORE_PASSWORD_FILE": "wallet.password_file",
    "WS_RECONNECT_ATTEMPTS": "ws.reconnect_attempts",
    "WS_RECONNECT_BASE_DELAY": "ws.reconnect_base_delay",
    "WS_RECONNECT_MAX_DELAY": "ws.reconnect_max_delay",
    "WS_HEARTBEAT_INTERVAL": "ws.heartbeat_interval",
    "WS_STALE_DATA_THRESHOLD": "ws.stale_data_threshold",
    "DRY_RUN": "dry_run",
    "MIN_ORDER_SIZE": "orders.min_order_size",
    "MAX_ORDER_SIZE": "orders.max_order_size",
    "MM_SPREAD": "mm.spread",
    "MM_SIZE": "mm.size",
    "MM_REQUOTE_THRESHOLD": "mm.requote_threshold",
    "MM_POSITION_LIMIT": "mm.position_limit",
    "MM_LOOP_INTERVAL": "mm.loop_interval",
    "RISK_MAX_DAILY_LOSS": "risk.max_daily_loss",
    "RISK_MAX_POSITION": "risk.max_position",
    "RISK_MAX_TOTAL_EXPOSURE": "risk.max_total_exposure",
    "RISK_ERROR_COOLDOWN": "risk.error_cooldown",
    "RISK_MAX_ERRORS_PER_MINUTE": "risk.max_errors_per_minute",
    "RISK_ENFORCE": "risk.enforce",
}

# Variables with our prefix that are read elsewhere: by the build and by the choice of the kernel.
FOREIGN = frozenset({"PMM_PURE", "PMM_REQUIRE_FAST"})

_BY_KEY = {key: alias for alias, key in ALIASES.items()}


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting: its dotted key and how the model describes it."""

    key: str
    field: FieldInfo

    @property
    def env(self) -> str:
        """The name to show: the alias where there is one."""
        return _BY_KEY.get(self.key) or self.long_env

    @property
    def long_env(self) -> str:
        return PREFIX + self.key.upper().replace(".", "__")

    @property
    def secret(self) -> bool:
        return SecretStr.__name__ in str(self.field.annotation)


@cache
def knobs() -> dict[str, Knob]:
    """Every setting by dotted key, in the order of the model."""
    return {knob.key: knob for knob in _walk(Settings, "")}


def _walk(model: type[BaseModel], prefix: str) -> Iterable[Knob]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _walk(field.annotation, f"{prefix}{name}.")
        else:
            yield Knob(prefix + name, field)


@cache
def secret_files() -> dict[str, str]:
    """Every variable that names a file with a secret, and the key it sets: `POLY_PRIVATE_KEY_FILE` and the like."""
    return {name + FILE_SUFFIX: key for name, key in variables().items() if knobs()[key].secret}


@cache
def variables() -> dict[str, str]:
    """Every environment variable that sets something, and the key it sets; short aliases first."""
    return ALIASES | {knob.long_env: knob.key for knob in knobs().values()}


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """`; did you mean x?` for the nearest known name, empty when nothing is near."""
    near = difflib.get_close_matches(text, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
