"""The model: sections of documented fields.  Decimals stay decimals; the accessors beside them are in integer units.

Prices are in 1/10 000 USD, shares and money in millionths, times in nanoseconds, as everywhere inside pmm.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pmm.settings.live import Live
from pmm.settings.models import AvellanedaStoikov, Glft, InventorySkew, LogOdds
from pmm.settings.regime import Regime
from pmm.settings.rewards import Rewards
from pmm.settings.rules import Rules
from pmm.settings.units import (
    MICRO_PLACES,
    NANO_PLACES,
    PRICE_PLACES,
    Dollars,
    HttpUrl,
    PositivePrice,
    Seconds,
    Secret,
    Section,
    Shares,
    WsUrl,
    absent,
    checked_address,
    checked_key,
    digits,
    optional_http,
    units,
)


class Venue(Section):
    """Addresses of the venue. All of them point to a local exchange as well."""

    chain_id: Annotated[Literal[137, 80002], BeforeValidator(digits)] = Field(
        default=137, description="137 is Polygon, 80002 is the Amoy test net."
    )
    clob_api_url: HttpUrl = Field(default="https://clob.polymarket.com", description="Order books and orders (REST).")
    gamma_api_url: HttpUrl = Field(
        default="https://gamma-api.polymarket.com", description="Facts of markets and events."
    )
    data_api_url: HttpUrl = Field(default="https://data-api.polymarket.com", description="Positions and public trades.")
    ws_market_url: WsUrl = Field(
        default="wss://ws-subscriptions-clob.polymarket.com/ws/market", description="Public market data (socket)."
    )
    ws_user_url: WsUrl = Field(
        default="wss://ws-subscriptions-clob.polymarket.com/ws/user", description="Own orders and trades (socket)."
    )
    rpc_url: Annotated[str, AfterValidator(optional_http)] = Field(
        default="https://polygon.drpc.org", description="Reads and changes on the chain (JSON-RPC); empty: never asked."
    )
    geoblock_url: Annotated[str, AfterValidator(optional_http)] = Field(
        default="https://polymarket.com/api/geoblock", description="Whether this place may trade; empty: never asked."
    )


class Wallet(Section):
    """Needed for live trading only. Secrets are never printed; each may stand in a file that NAME_FILE names."""

    private_key: Annotated[Secret, AfterValidator(checked_key)] = Field(
        default=None, description="Key that signs orders."
    )
    api_key: Secret = Field(default=None, description="API credentials of the CLOB: key.")
    api_secret: Secret = Field(default=None, description="API credentials of the CLOB: secret.")
    passphrase: Secret = Field(default=None, description="API credentials of the CLOB: pass phrase.")
    funder: Annotated[str | None, BeforeValidator(absent), AfterValidator(checked_address)] = Field(
        default=None, description="Wallet that holds the money; empty when it is the signer itself."
    )
    signature_type: Annotated[Literal["auto", 0, 1, 2, 3], BeforeValidator(digits)] = Field(
        default="auto", description="0 own key, 1 proxy wallet, 2 Safe, 3 deposit wallet; auto: as the funder shows."
    )
    keystore: str = Field(
        default="", description="Name of an encrypted key of `pmm wallet import`; empty: the only one there is."
    )
    password_file: Annotated[Path | None, BeforeValidator(absent)] = Field(
        default=None, description="File with the pass phrase of the encrypted key; only its owner may read it."
    )
    keyring: bool = Field(
        default=False, description="The system's keyring holds the pass phrase of the encrypted key (extra keyring)."
    )


class Ws(Section):
    """Sockets: how to stay connected. Times in seconds."""

    reconnect_attempts: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=10, description="Failed connections in a row before giving up."
    )
    reconnect_base_delay: Seconds = Field(
        default=Decimal(1), description="First wait before connecting again; it doubles."
    )
    reconnect_max_delay: Seconds = Field(default=Decimal(60), description="Longest wait before connecting again.")
    heartbeat_interval: Seconds = Field(default=Decimal(10), description="A text PING this often.")
    stale_data_threshold: Seconds = Field(
        default=Decimal(60), description="A connection without data for so long is sick."
    )
    starting_limit: Seconds = Field(default=Decimal(10), description="Longest wait for the first data.")
    copies: Annotated[int, Field(ge=1, le=4)] = Field(
        default=1, description="Connections that carry a quoted market; a second one takes over when one fails."
    )
    copied: str = Field(
        default="", description="Slugs of the markets that are carried so often, with commas; empty: all of them."
    )

    @property
    def copied_slugs(self) -> frozenset[str]:
        return frozenset(slug.strip() for slug in self.copied.split(",")) - {""}

    @property
    def reconnect_base_delay_ns(self) -> int:
        return units(self.reconnect_base_delay, NANO_PLACES)

    @property
    def reconnect_max_delay_ns(self) -> int:
        return units(self.reconnect_max_delay, NANO_PLACES)

    @property
    def heartbeat_interval_ns(self) -> int:
        return units(self.heartbeat_interval, NANO_PLACES)

    @property
    def stale_data_threshold_ns(self) -> int:
        return units(self.stale_data_threshold, NANO_PLACES)

    @property
    def starting_limit_ns(self) -> int:
        return units(self.starting_limit, NANO_PLACES)


class Feed(Section):
    """Market data: what is checked, and what stands in for a sick socket. Times in seconds."""

    verify_hashes: Literal["full", "sampled", "off"] = Field(
        default="full", description="Hashes of books that are computed: all, some each second, none."
    )
    compare_interval: Seconds = Field(
        default=Decimal(5), description="A quoted book that nothing has proven for so long is read over REST."
    )
    fallback_after: Seconds = Field(
        default=Decimal(5), description="A socket that is sick for so long is replaced by REST reads."
    )
    recovery_delay: Seconds = Field(
        default=Decimal(30), description="A socket must be healthy for so long before it replaces REST again."
    )
    quote_on_rest: bool = Field(default=False, description="Quote while REST replaces the socket.")
    canary: Annotated[str, Field(min_length=1)] = Field(
        default="auto", description="Busy market that is watched to notice a frozen socket: auto, off, or a market."
    )
    facts_interval: Seconds = Field(
        default=Decimal(60), description="Price steps, ends and closures of quoted markets are read again this often."
    )

    @property
    def facts_interval_ns(self) -> int:
        return units(self.facts_interval, NANO_PLACES)

    @property
    def compare_interval_ns(self) -> int:
        return units(self.compare_interval, NANO_PLACES)

    @property
    def fallback_after_ns(self) -> int:
        return units(self.fallback_after, NANO_PLACES)

    @property
    def recovery_delay_ns(self) -> int:
        return units(self.recovery_delay, NANO_PLACES)


class Mm(Section):
    """The market maker."""

    strategy: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        default="auto",
        description="Quoting model; auto: log_odds, or fixed_spread on a local exchange and for another spread.",
    )
    spread: PositivePrice = Field(
        default=Decimal("0.04"), description="Ask minus bid, in USD: 0.04 is two cents each side."
    )
    size: Shares = Field(default=Decimal(10), description="Shares per order.")
    requote_threshold: Annotated[Decimal, Field(ge=0, lt=1, decimal_places=PRICE_PLACES)] = Field(
        default=Decimal("0.02"), description="Requote when the target moved by so much, in USD."
    )
    position_limit: Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=MICRO_PLACES)] = Field(
        default=Decimal(50), description="Shares, long or short, at which the adding side drops out."
    )
    levels: Annotated[int | None, Field(ge=1, le=20), BeforeValidator(absent)] = Field(
        default=None,
        description="Orders a side, each a step further out; empty: log_odds 3, others 1 (fixed_spread always).",
    )
    level_step: PositivePrice = Field(
        default=Decimal("0.01"), description="Distance of two levels in USD; a tick at least."
    )
    level_shape: Literal["flat", "linear", "exponential"] = Field(
        default="flat", description="Sizes of levels: all the same, one size more each, each twice the last."
    )
    loop_interval: Seconds = Field(default=Decimal(1), description="Seconds between two looks when nothing happens.")
    status_interval: Seconds = Field(
        default=Decimal(30), description="Seconds between two lines that say how the run stands."
    )

    @property
    def spread_price(self) -> int:
        return units(self.spread, PRICE_PLACES)

    @property
    def size_micro(self) -> int:
        return units(self.size, MICRO_PLACES)

    @property
    def requote_threshold_price(self) -> int:
        return units(self.requote_threshold, PRICE_PLACES)

    @property
    def position_limit_micro(self) -> int:
        return units(self.position_limit, MICRO_PLACES)

    @property
    def level_step_price(self) -> int:
        return units(self.level_step, PRICE_PLACES)

    @property
    def loop_interval_ns(self) -> int:
        return units(self.loop_interval, NANO_PLACES)

    @property
    def status_interval_ns(self) -> int:
        return units(self.status_interval, NANO_PLACES)


class Orders(Section):
    """Sizes that may be sent at all."""

    min_order_size: Shares = Field(
        default=Decimal(5), description="Smallest order in shares; the market's own may be larger."
    )
    max_order_size: Shares = Field(default=Decimal(50), description="Largest order in shares.")

    @property
    def min_order_size_micro(self) -> int:
        return units(self.min_order_size, MICRO_PLACES)

    @property
    def max_order_size_micro(self) -> int:
        return units(self.max_order_size, MICRO_PLACES)


class Risk(Section):
    """Limits."""

    max_daily_loss: Dollars = Field(default=Decimal(50), description="USD lost since midnight UTC that stop trading.")
    max_position: Shares = Field(default=Decimal(100), description="Shares of one token.")
    max_total_exposure: Dollars = Field(default=Decimal(500), description="USD over all tokens.")
    error_cooldown: Seconds = Field(default=Decimal(60), description="Seconds without new orders after an error burst.")
    max_errors_per_minute: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=5, description="What counts as a burst."
    )
    enforce: Annotated[bool | None, BeforeValidator(absent)] = Field(
        default=None, description="Act on limits (true), log only (false); empty: act when live."
    )

    @property
    def max_daily_loss_micro(self) -> int:
        return units(self.max_daily_loss, MICRO_PLACES)

    @property
    def max_position_micro(self) -> int:
        return units(self.max_position, MICRO_PLACES)

    @property
    def max_total_exposure_micro(self) -> int:
        return units(self.max_total_exposure, MICRO_PLACES)

    @property
    def error_cooldown_ns(self) -> int:
        return units(self.error_cooldown, NANO_PLACES)


class Shadow(Section):
    """The simulated gateway of a dry run."""

    latency_ms: Annotated[int, Field(ge=0, le=60_000)] = Field(
        default=50, description="Milliseconds from a decision to its effect at the venue."
    )

    @property
    def latency_ns(self) -> int:
        return self.latency_ms * 1_000_000


class Settings(BaseSettings):
    """All settings of one run, immutable.  What it is made from is decided by `load`, never by the surroundings."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    dry_run: bool = Field(
        default=True, description="Simulate orders against public data; nothing is sent to the venue."
    )
    forbid_live: bool = Field(
        default=False, description="No live trading here; once any source says so, no other one takes it back."
    )
    profile: Annotated[str | None, BeforeValidator(absent)] = Field(
        default=None, description="A named set of defaults: conservative or tight."
    )
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default=Path("~/.local/share/pmm"), description="Where runs keep their files."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    venue: Venue = Field(default_factory=Venue)
    wallet: Wallet = Field(default_factory=Wallet)
    ws: Ws = Field(default_factory=Ws)
    feed: Feed = Field(default_factory=Feed)
    mm: Mm = Field(default_factory=Mm)
    inventory_skew: InventorySkew = Field(default_factory=InventorySkew)
    avellaneda_stoikov: AvellanedaStoikov = Field(default_factory=AvellanedaStoikov)
    glft: Glft = Field(default_factory=Glft)
    log_odds: LogOdds = Field(default_factory=LogOdds)
    orders: Orders = Field(default_factory=Orders)
    risk: Risk = Field(default_factory=Risk)
    rules: Rules = Field(default_factory=Rules)
    regime: Regime = Field(default_factory=Regime)
    rewards: Rewards = Field(default_factory=Rewards)
    shadow: Shadow = Field(default_factory=Shadow)
    live: Live = Field(default_factory=Live)

    @property
    def risk_enforced(self) -> bool:
        """Whether limits act: as set, and by default exactly when real money is at stake."""
        return not self.dry_run if self.risk.enforce is None else self.risk.enforce
