"""Whom the doctor looks at: the settings, what is asked about, and what the checks before have found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmm.eip712 import SignatureType
from pmm.model import Money
from pmm.settings import Loaded, Settings
from pmm.venues.polymarket.chain import Chain
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.rest import VenueHttp
from pmm.wallets.key import Key
from pmm.wallets.passphrase import Ask
from pmm.wallets.sources import Profile
from pmm.wallets.verification import Allowed


@dataclass(slots=True)
class Patient:
    """`public` and `private` are open connections; `chain` None means that no chain belongs to the venue."""

    loaded: Loaded
    instance: str
    public: VenueHttp
    private: PrivateHttp
    ask: Ask | None = None
    live: bool = False
    offline: bool = False
    wants_wallet: bool = False
    chain: Chain | None = None
    profile: Profile | None = None
    key: Key | None = field(default=None, repr=False)
    money: Mapping[SignatureType, tuple[Money, Mapping[str, int]]] = field(default_factory=dict)
    allowed: list[Allowed] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def known_profile(self) -> Profile:
        assert self.profile is not None, "checks of the wallet need the key"
        return self.profile

    def kind(self) -> SignatureType:
        kind = self.known_profile().signature_type
        assert kind is not None, "checks of the money need the kind of wallet"
        return kind
