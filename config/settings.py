"""The one settings file. Without variables Tollgate runs embedded, on one machine, with its state under var/.

``DEBUG=0`` means production: then SECRET_KEY and ALLOWED_HOSTS must be given. ``DEBUG=1`` is for developers.
"""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
TOLLGATE_HOME = Path(env.text("TOLLGATE_HOME", str(BASE_DIR / "var"))).resolve()
TOLLGATE_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
TOLLGATE_URL = env.text("TOLLGATE_URL", "http://127.0.0.1:8000")
TOLLGATE_INBOX = Path(env.text("TOLLGATE_INBOX", str(TOLLGATE_HOME / "inbox")))
TOLLGATE_WITNESS = Path(env.text("TOLLGATE_WITNESS", str(TOLLGATE_HOME / "witness"))).resolve()
DEMO = env.flag("DEMO", True)

DEBUG = env.flag("DEBUG", False)
PRODUCTION = not env.flag("DEBUG", True)
if PRODUCTION:
    SECRET_KEY = env.text("SECRET_KEY")
    ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("set ALLOWED_HOSTS to the host names that people use, separated by commas.")
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
else:
    SECRET_KEY = env.kept_secret(TOLLGATE_HOME / "secret.key")
    ALLOWED_HOSTS = [*env.listed("ALLOWED_HOSTS"), "127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "config.ui",
    "audit.people",
    "audit.lake",
    "audit.ledger",
    "audit.jobs",
    "audit.notifications",
    "audit.catalogue",
    "audit.lineage",
    "audit.documents",
    "audit.monitoring",
    "audit.alerts",
    "audit.sources",
    "audit.reconciliation",
    "audit.assurance",
    "audit.retention",
    "audit.exports",
    "audit.streaming",
    "costs.billing",
    "costs.feeds",
    "costs.allocation",
    "costs.budgets",
    "costs.returns",
    "governance.approvals",
    "governance.retraining",
    "governance.maturity",
    "governance.portfolio",
    "governance.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "heroicons",
    "template_partials",
    "ninja",
]
MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "audit.people.gateway.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "audit.people.middleware.ActorMiddleware",
    "audit.people.middleware.ReadingMiddleware",
    "audit.people.middleware.SignInMiddleware",
    "audit.ledger.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
    "audit.people.gateway.IdempotencyMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.ui.shell.context",
            ],
        },
    },
]
DATABASES = {"default": env.database(env.text("DATABASE_URL", f"sqlite:///{TOLLGATE_HOME / 'tollgate.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LAKE_URL = env.text("LAKE_URL", str(TOLLGATE_HOME / "lake"))
LAKE_ENDPOINT_URL = env.text("LAKE_ENDPOINT_URL", "") or None
TOLLGATE_THREADS = env.number("TOLLGATE_THREADS", 2)  # of one worker, while it reads the lake

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "people:sign_in"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "audit.people.signals.guessed_name"
AXES_LOCKOUT_CALLABLE = "audit.people.views.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

PUBLIC_URL = env.text("PUBLIC_URL", f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else TOLLGATE_URL).rstrip("/")
MAIL = env.mail(env.text("EMAIL_URL", ""))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(TOLLGATE_HOME / "mail")
if MAIL:
    EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.host, MAIL.port, MAIL.user, MAIL.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL.tls, MAIL.starttls
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "Tollgate <tollgate@localhost>")

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", PRODUCTION)
# Jobs reach the API inside the network, behind the proxy; and a redirect would come after the token was sent.
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^hooks/"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

API_REQUESTS_A_MINUTE = env.number("API_REQUESTS_A_MINUTE", 1200)
LINEAGE_EVENTS_A_SECOND = env.number("LINEAGE_EVENTS_A_SECOND", 1000)

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.ui.finders.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
QUEUE_APP = "config.celery.app"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "tollgate"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(TOLLGATE_HOME / "beat-schedule")
CELERY_BEAT_SCHEDULE = {"tick": {"task": "jobs.tick", "schedule": 5.0, "options": {"expires": 10}}}
if CELERY_BROKER_URL == "filesystem://":
    QUEUE = TOLLGATE_HOME / "queue"
    for folder in ("messages", "control"):
        (QUEUE / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE / "messages"),
        "data_folder_out": str(QUEUE / "messages"),
        "control_folder": str(QUEUE / "control"),
        "polling_interval": 0.05,
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING")},
    "loggers": {
        "kombu.connection": {"level": "ERROR"},  # it warns at each start that a queue of files has no host
        "django.request": {"level": "ERROR"},  # a page that is not there is no fault of the server
    },
}
