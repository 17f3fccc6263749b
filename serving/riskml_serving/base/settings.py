"""Every setting of the service, read from ``RISKML_SERVING_*`` in the environment, a TOML file, or the default."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from riskml.errors import explaining
from riskml.keys import format_key, load_public_key
from riskml_serving.base import settings_faults

PREFIX = "RISKML_SERVING_"
FILE_VARIABLE = PREFIX + "FILE"
"""Environment variable that names the TOML file."""


SECRETS = ("database_url", "oidc_client_secret", "identity_secret")
"""Settings that can also be read from a file, so that no password stands in the environment: the variable has the
setting's name and ``_FILE``."""

Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
"""A number for which 0 has a meaning of its own, such as no limit."""
Days = Annotated[int, Field(ge=0, le=36_500)]
Seconds = Annotated[float, Field(ge=0, le=1_000_000)]
Pause = Annotated[float, Field(ge=0.01, le=1_000_000)]
"""Seconds, never 0: without a pause between two checks, the service would do nothing but check."""
PublicKey = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Settings(BaseSettings):
    """Settings of the service; docs/serving/settings.md lists each setting with the text below its declaration.

    Raises
    ------
    UsageError
        If a value is not allowed, a setting does not exist, or the settings file cannot be read.

    >>> Settings(rescore_at_once=5).rescore_at_once
    5
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies, as JSON: `["10.0.0.0/8"]`. Only their headers `X-Forwarded-For` and
    `X-Forwarded-Proto` are believed; by default nobody's are, and the client is the one that opens the connection."""
    allowed_hosts: tuple[str, ...] = ("*",)
    """Host names under which the service answers, as JSON: `["riskml.example.cn"]`; `*` means any name. Probes on
    the same machine may always use `127.0.0.1`."""
    database_url: str = "sqlite:///riskml.db"
    """SQLAlchemy URL of the database: SQLite, or PostgreSQL in production."""
    bundle: Path | None = None
    """Folder of the model bundle to serve; by default the bundle released in `models/`."""
    model_source: Literal["folder", "registry"] = "folder"
    """Where the model comes from: the folder `bundle`, or the alias `champion` of the MLflow registry that
    MLFLOW_TRACKING_URI names."""
    model_store: Path = Path("riskml-models")
    """Folder for copies of the last five releases that were served, for rollbacks."""
    model_poll_seconds: Seconds = 30.0
    """Seconds between checks for a new release or a rollback; 0 turns them off."""
    trusted_keys: tuple[PublicKey, ...] = (format_key(load_public_key(Path(__file__).with_name("released.key.pub"))),)
    """Public keys, as JSON; only a bundle that one of them signed is used. `riskml keys create` prints the public key
    of a new pair. The default is the key of the bundle released in `models/`."""
    policy: Path | None = None
    """Policy table (YAML) to use instead of the packaged one."""
    today: Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(2200, 12, 31))] | None = None
    """Day that counts as today, to replay past data; by default the current day in Shanghai."""
    max_body_bytes: int = Field(default=8_000_000, ge=1, le=1_000_000_000)
    """Largest request body, in bytes."""
    max_households: Count = 500
    """Maximum number of households in a request."""
    max_rows_per_household: Count = 5_000
    """Maximum number of rows for one household in a request."""
    rate_per_minute: CountOrNone = 6_000
    """Maximum number of requests per minute with one API key; 0 means no limit."""
    rescore_at_once: CountOrNone = 200
    """Maximum number of households that POST /v1/records rescores before it answers; if there are more, a job rescores
    them."""
    page_size: Count = 50
    """Rows per page if the request sets no `limit`."""
    max_page_size: Count = 1_000
    """Largest `limit` that a request may set."""
    job_worker: bool = True
    """Whether the service works on jobs itself, in a thread; set it to false if `riskml-serving worker` runs too."""
    job_chunk: Count = 4096
    """Number of a job's households that are scored and saved at a time."""
    job_lease_seconds: Pause = 20.0
    """How long a worker must be silent before another takes over its job, measured by the other worker's clock."""
    job_poll_seconds: Pause = 1.0
    """Seconds between checks for a new job."""
    job_attempts: Count = 5
    """Attempts without progress after which a job is marked as failed."""
    export_folder: Path = Path("riskml-exports")
    """Folder for results of jobs, written once for each job and format; may be emptied at any time."""
    key_cache_seconds: Seconds = 2.0
    """How long a worker caches an API key: a key revoked elsewhere stops working after that."""
    stale_after_days: Days = 45
    """Days without any new record after which `/readyz` reports the data as stale."""
    audit_key: Path | None = None
    """Private key that signs checkpoints of the audit log; `riskml keys create` writes it. Needs
    `audit_checkpoints`."""
    audit_checkpoints: Path | None = None
    """File to which signed checkpoints of the audit log are appended; keep it, or a copy, where the administrators of
    the database cannot write."""
    audit_checkpoint_minutes: Pause = 10.0
    """Minutes between two checkpoints."""
    metrics_open: bool = False
    """Whether `/metrics` answers without a key; by default it requires a key that covers every region and has the
    `admin` right, since it counts households."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Minimum log level of `riskml serve`, which logs one JSON object per line."""
    traces: bool = False
    """Whether OpenTelemetry (extra `otel`) traces requests; the `OTEL_*` variables say where they are sent."""
    shutdown_seconds: Count = 30
    """How long requests in flight may take after the service is told to stop."""
    retention_closed_days: Days = 0
    """Days from the receipt of a closure until `retention` erases the household, and from that of a clue about no
    household until it erases the names in it; 0 means never."""
    retention_answers_days: Days = 30
    """Days for which responses to requests with an idempotency key are kept; 0 means forever."""
    retention_jobs_days: Days = 90
    """Days for which finished jobs and their results are kept; 0 means forever."""
    oidc_issuer: str | None = None
    """Issuer of the OpenID provider: for bearer tokens alongside API keys (`oidc_audience`), for signing in to the
    pages alongside local accounts (`oidc_client_id`), or both; by default none."""
    oidc_audience: str | None = None
    """Audience that bearer tokens must name; by default, no tokens are accepted."""
    oidc_client_id: str | None = None
    """Client ID registered with the provider for the pages; without one, the sign-in page omits the provider."""
    oidc_client_secret: SecretStr | None = None
    """Secret of that client; leave it empty for a public client. PKCE is always used."""
    oidc_redirect_url: str | None = None
    """Address of `/sign-in/provider/return` as browsers see it; register it with the provider."""
    oidc_scope: str = "openid profile"
    """Scopes requested at sign-in."""
    oidc_roles: dict[str, str] = {}
    """Role on the pages for each role of the provider (claim `oidc_rights_claim`), as JSON:
    `{"township-staff": "township"}`. People with no role that fits their region, or with several, are not let in."""
    oidc_health_roles: tuple[str, ...] = ()
    """Roles of the provider that may see health details on the pages, as JSON."""
    oidc_identity_roles: tuple[str, ...] = ()
    """Roles of the provider that may see names, ID numbers and telephones on the pages, as JSON; by default none."""
    oidc_jwks_url: str | None = None
    """Address of the provider's keys; by default found by discovery."""
    oidc_jwks_seconds: float = Field(default=300.0, ge=1, le=1_000_000)
    """How long the provider's keys are trusted before they are fetched again."""
    oidc_algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"], ...] = (
        "RS256",
        "ES256",
    )
    """Signature algorithms that are accepted."""
    oidc_region_claim: str = "region"
    """Claim with the region prefix, `*` for everywhere; tokens without it are refused. Use dots for nested claims."""
    oidc_rights_claim: str = "rights"
    """Claim with the rights or roles, as a list or as words separated by spaces; for example `realm_access.roles`."""
    oidc_rights: dict[str, str] = {}
    """Rights of each role, as JSON: `{"county-staff": "score read write"}`."""
    session_idle_minutes: Count = 60
    """Minutes without a request after which a person is signed out of the pages."""
    session_hours: Count = 12
    """Hours after which a person is signed out in any case."""
    sign_in_failures: Count = 5
    """Wrong passwords in a row after which an account is locked for a time."""
    lock_minutes: Count = 15
    """Minutes for which an account stays locked."""
    sign_ins_per_minute: CountOrNone = 30
    """Maximum number of attempts to sign in per minute from one address; 0 means no limit."""
    secure_cookies: bool | None = None
    """Whether cookies of the pages are sent over HTTPS only; by default yes, unless the service listens on a loopback
    address. Set it to true behind a proxy on the same machine."""
    visits_a_week: Count = 20
    """Number of households that the work list marks for a visit in a week, unless the reader enters another number."""
    visit_working_days: Count = 5
    """Working days from a signal until a visit is due; after that, the work list shows the visit as overdue."""
    small_count: CountOrNone = 5
    """Counts of a village below this number of households are withheld in Excel and in print; 0 withholds none."""
    region_names: Path | None = None
    """CSV file with the columns `code,name` for the regions shown on the pages."""
    simulated: bool = False
    """Whether all records count as simulated, and pages and responses say so; set by the demo and by `riskml serve
    --trial`. Without it, a model that was trained on a simulated county stays silent: only the rule line is shown."""
    identity_key: Path | None = None
    """File with the keys that encrypt names, ID numbers and telephones; `riskml-serving keys create-identity` writes
    it. Without a key, no names are kept or shown. Back the file up apart from the database: without it, all names are
    lost."""
    identity_secret: SecretStr | None = None
    """The keys themselves, each a line of 64 hexadecimal digits; `identity_key` is then ignored."""
    keep_lists: bool = False
    """Whether the lists that a county has imported are kept, encrypted; otherwise only their hashes are."""
    max_upload_bytes: int = Field(default=100_000_000, ge=1, le=10_000_000_000)
    """Largest upload of lists on the page for importing them, in bytes."""
    register_digits: int = Field(default=6, ge=0, le=12)
    """A key may add new households only if its region prefix has at most this many digits (6: a county). A narrower key
    would learn from a refusal that the code exists elsewhere."""

    def __init__(self, **options: Any) -> None:
        try:
            super().__init__(**options)
        except (OSError, ValueError) as error:  # ValueError: what pydantic and TOML raise, and text that is not UTF-8
            file = os.environ.get(FILE_VARIABLE, "")
            if isinstance(error, ValidationError | SettingsError):
                raise settings_faults.explain_values(error, type(self), options, PREFIX, file) from None
            raise settings_faults.explain_file(error, file, FILE_VARIABLE) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order: arguments, environment, secret files, the file of ``RISKML_SERVING_FILE``."""
        named = os.environ.get(FILE_VARIABLE)
        sources = (init_settings, env_settings, InitSettingsSource(settings_cls, _read_secrets()))
        if not named:
            return sources
        text = Path(named).read_text("utf-8-sig")  # editors on Windows write a byte order mark
        return (*sources, InitSettingsSource(settings_cls, tomllib.loads(text)))

    @classmethod
    def with_options(cls, **options: Any) -> Settings:
        """Read the settings; a command's options take precedence unless they are None."""
        return cls(**{name: value for name, value in options.items() if value is not None})

    def to_environment(self) -> dict[str, str]:
        """Return the settings that have been set, except to None, as environment variables for another process.

        >>> Settings(port=80, oidc_rights={"staff": "read"}).to_environment()["RISKML_SERVING_OIDC_RIGHTS"]
        '{"staff": "read"}'
        """
        values = self.model_dump(mode="json", include=self.model_fields_set, exclude_none=True)
        for name in values:
            if isinstance(secret := getattr(self, name), SecretStr):  # dumped as asterisks
                values[name] = secret.get_secret_value()
        in_files = _read_secrets()  # which the other process reads too
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in values.items()
            if in_files.get(name) != value
        }

    @property
    def cookies_secure(self) -> bool:
        """Whether cookies are sent over HTTPS only."""
        if self.secure_cookies is not None:
            return self.secure_cookies
        return self.host not in ("127.0.0.1", "::1", "localhost")

    @property
    def bundle_folder(self) -> Path:
        """Folder of the bundle to serve."""
        return self.bundle or _find_released_bundle()


def _read_secrets() -> dict[str, Any]:
    """Read the settings for which a variable names a file.

    Raises
    ------
    UsageError
        If a file cannot be read.
    """
    values: dict[str, Any] = {}
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}_FILE"
        if file := os.environ.get(variable):
            message, hint = "{path} cannot be read: {reason}.", "{variable} names this file."
            with explaining(message, hint, otherwise="it is not UTF-8", path=file, variable=variable):
                values[name] = Path(file).read_text("utf-8").strip()
    return values


def _split_numbers(folder: Path) -> list[str | tuple[int, str]]:
    """Make a sort key that compares the numbers in a name as numbers: county-2 comes before county-10."""
    return [(int(part), part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", folder.name))]


@cache
def _find_released_bundle() -> Path:
    """Find the released bundle: the highest number in ``models/``, in the working folder or else in the checkout."""
    for root in (Path.cwd(), Path(__file__).resolve().parents[3]):
        manifests = (root / "models").glob("*/manifest.json")
        if newest := max((path.parent for path in manifests), key=_split_numbers, default=None):
            return newest
    return Path("models") / "released"
