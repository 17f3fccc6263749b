"""Every setting of the service: environment ``RISKML_SERVING_*``, then a TOML file, then the default."""

from __future__ import annotations

import datetime as dt
import os
import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

__all__ = ["FILE_VARIABLE", "PREFIX", "Settings"]

PREFIX = "RISKML_SERVING_"
FILE_VARIABLE = PREFIX + "FILE"
"""Environment variable that names the TOML file."""


class Settings(BaseSettings):
    """Settings of the service; docs/serving/settings.md lists them.

    >>> Settings(rescore_at_once=5).rescore_at_once
    5
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    database_url: str = Field(
        default="sqlite:///riskml.db",
        description="SQLAlchemy address of the database: SQLite, or PostgreSQL in production.",
    )
    bundle: Path | None = Field(
        default=None, description="Folder of the model bundle to serve; by default the bundle released in `models/`."
    )
    model_source: Literal["folder", "registry"] = Field(
        default="folder",
        description="Where the model comes from: the folder `bundle`, or the alias `champion` of the MLflow registry "
        "that MLFLOW_TRACKING_URI names.",
    )
    model_store: Path = Field(
        default=Path("riskml-models"),
        description="Folder for copies of the last five releases that served, which a roll-back goes back to.",
    )
    model_poll_seconds: float = Field(
        default=30.0, ge=0, description="Seconds between two looks for another release or a roll-back; 0 is never."
    )
    policy: Path | None = Field(default=None, description="Policy table (YAML) in place of the packaged one.")
    today: dt.date | None = Field(
        default=None,
        description="Day that counts as today, to replay a county of the past; by default the day in Shanghai.",
    )
    max_body_bytes: int = Field(default=8_000_000, ge=1, description="Largest body of a request, in bytes.")
    max_households: int = Field(default=500, ge=1, description="Most households in a request.")
    max_rows_per_household: int = Field(default=5_000, ge=1, description="Most rows of one household in a request.")
    rate_per_minute: int = Field(
        default=6_000, ge=0, description="Most requests of one API key in a minute; 0 is no limit."
    )
    rescore_at_once: int = Field(
        default=200,
        ge=0,
        description="Most households that POST /v1/records scores again at once; beyond, a job does it.",
    )
    page_size: int = Field(default=50, ge=1, description="Rows of a page where the request names no `limit`.")
    max_page_size: int = Field(default=1_000, ge=1, description="Largest `limit` of a page.")
    job_worker: bool = Field(
        default=True,
        description="Whether the service works on jobs itself, in a thread; set it to false where `riskml-serving "
        "worker` runs beside it.",
    )
    job_chunk: int = Field(default=4096, ge=1, description="Households of a job worked on and kept at a time.")
    job_lease_seconds: float = Field(
        default=20.0,
        gt=0,
        description="How long a worker has to be silent until another takes its job over, by the other's own clock.",
    )
    job_poll_seconds: float = Field(default=1.0, gt=0, description="Seconds between two looks for a job.")
    job_attempts: int = Field(
        default=5, ge=1, description="How often a job is taken up without getting any further until it has failed."
    )
    export_folder: Path = Field(
        default=Path("riskml-exports"),
        description="Folder for results of jobs, written once for each job and format; may be emptied at any time.",
    )
    key_cache_seconds: float = Field(
        default=2.0,
        ge=0,
        description="How long a worker trusts what it read of an API key: a key revoked elsewhere ends then.",
    )
    stale_after_days: int = Field(
        default=45, ge=0, description="Days without any new record after which `/readyz` calls the data stale."
    )
    metrics_open: bool = Field(
        default=False,
        description="Whether `/metrics` answers without a key; by default it takes one for everywhere with the right "
        "admin, since it counts households.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level of what `riskml serve` logs, one JSON object a line."
    )
    traces: bool = Field(
        default=False,
        description="Whether OpenTelemetry (extra `otel`) traces requests, sent where the `OTEL_*` variables say.",
    )
    shutdown_seconds: int = Field(
        default=30, ge=1, description="How long requests in flight may go on after the service is told to stop."
    )
    retention_closed_days: int = Field(
        default=0,
        ge=0,
        description="Days after the receipt of a closure after which `retention` forgets the household; 0 keeps it.",
    )
    retention_answers_days: int = Field(
        default=30,
        ge=0,
        description="Days for which answers to requests with an idempotency key are kept; 0 is for good.",
    )
    retention_jobs_days: int = Field(
        default=90, ge=0, description="Days for which jobs that ended and their results are kept; 0 is for good."
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer of the OpenID provider: for bearer tokens beside API keys (`oidc_audience`), for signing "
        "in to the pages beside local accounts (`oidc_client_id`), or both; by default none.",
    )
    oidc_audience: str | None = Field(
        default=None, description="Audience that bearer tokens must be made for; by default none are taken."
    )
    oidc_client_id: str | None = Field(
        default=None, description="Client that the pages are at the provider; by default nobody signs in there."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Secret of that client; a public client has none, PKCE is used in any case."
    )
    oidc_redirect_url: str | None = Field(
        default=None,
        description="Address of `/sign-in/provider/return` as browsers see it; registered at the provider.",
    )
    oidc_scope: str = Field(default="openid profile", description="Scopes that signing in asks for.")
    oidc_roles: dict[str, str] = Field(
        default={},
        description="Which role of the provider (claim `oidc_rights_claim`) is which role of the pages, as JSON: "
        '`{"township-staff": "township"}`. Whoever has none that fits the region, or several, is not let in.',
    )
    oidc_health_roles: tuple[str, ...] = Field(
        default=(), description="Roles of the provider that may see what tells of health on the pages, as JSON."
    )
    oidc_jwks_url: str | None = Field(
        default=None, description="Address of the provider's keys; by default found by discovery."
    )
    oidc_jwks_seconds: float = Field(
        default=300.0, ge=1, description="How long the provider's keys are trusted before they are fetched again."
    )
    oidc_algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"], ...] = Field(
        default=("RS256", "ES256"), description="Signatures that are taken."
    )
    oidc_region_claim: str = Field(
        default="region",
        description="Claim with the region prefix, `*` for everywhere; a token without it is refused. A dot steps "
        "into an object.",
    )
    oidc_rights_claim: str = Field(
        default="rights",
        description="Claim with the rights or roles, a list or words; for example `realm_access.roles`.",
    )
    oidc_rights: dict[str, str] = Field(
        default={}, description='What roles may do, as JSON: `{"county-staff": "score read write"}`.'
    )
    session_idle_minutes: int = Field(
        default=60, ge=1, description="Minutes without a request after which somebody is signed out of the pages."
    )
    session_hours: int = Field(default=12, ge=1, description="Hours after which somebody is signed out in any case.")
    sign_in_failures: int = Field(
        default=5, ge=1, description="Wrong passwords in a row after which an account is locked for a time."
    )
    lock_minutes: int = Field(default=15, ge=1, description="Minutes for which an account stays locked.")
    sign_ins_per_minute: int = Field(
        default=30, ge=0, description="Most tries to sign in from one address in a minute; 0 is no limit."
    )
    secure_cookies: bool | None = Field(
        default=None,
        description="Whether cookies of the pages travel over HTTPS only; by default yes, unless the service listens "
        "on a loopback address. Set it to true behind a proxy on the same machine.",
    )
    visits_a_week: int = Field(default=20, ge=1, description="Households that can be visited in a week, on the list.")
    visit_working_days: int = Field(
        default=5, ge=1, description="Working days from a signal to the visit, after which the list says overdue."
    )
    small_count: int = Field(
        default=5,
        ge=0,
        description="Counts of fewer households of a village are withheld where an overview leaves the house, in Excel "
        "and on paper; 0 withholds none.",
    )
    region_names: Path | None = Field(
        default=None, description="CSV file with the columns `code,name` for the regions shown on the pages."
    )
    simulated: bool = Field(
        default=False, description="Whether every page says that the county is simulated; the demo sets it."
    )
    register_digits: int = Field(
        default=6,
        ge=0,
        le=12,
        description="Longest region prefix of a key that may bring in new households (6: a county's). A narrower key "
        "would learn from a refusal that the code exists elsewhere.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of the sources: arguments, environment, the file that ``RISKML_SERVING_FILE`` names."""
        named = os.environ.get(FILE_VARIABLE)
        file = (TomlConfigSettingsSource(settings_cls, Path(named)),) if named else ()
        return (init_settings, env_settings, *file)

    @property
    def cookies_secure(self) -> bool:
        """Whether cookies travel over HTTPS only."""
        if self.secure_cookies is not None:
            return self.secure_cookies
        return self.host not in ("127.0.0.1", "::1", "localhost")

    @property
    def bundle_folder(self) -> Path:
        """Folder of the bundle to serve."""
        return self.bundle or _find_released_bundle()


def _natural_key(folder: Path) -> list[str | tuple[int, str]]:
    """Name with its numbers compared as numbers: county-2 comes before county-10."""
    return [(int(part), part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", folder.name))]


@cache
def _find_released_bundle() -> Path:
    """Folder of the released bundle: the highest number in ``models/`` of the working folder or of the checkout."""
    for root in (Path.cwd(), Path(__file__).resolve().parents[3]):
        found = (root / "models").glob("*/manifest.json")
        if newest := max((path.parent for path in found), key=_natural_key, default=None):
            return newest
    return Path("models") / "released"
