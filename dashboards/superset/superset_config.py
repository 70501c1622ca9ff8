"""Superset's settings, read in its own environment; `make bi` made the folder in the home."""

import os
from pathlib import Path

FOLDER = Path(os.environ["AFORO_BI_FOLDER"])

# Made for this home, readable by its owner alone (start.py).
SECRET_KEY = (FOLDER / "secret_key").read_text(encoding="utf-8")
# Superset's own tables: users, dashboards. The marts are read where they are published.
SQLALCHEMY_DATABASE_URI = f"sqlite:///{FOLDER / 'superset.db'}"

BABEL_DEFAULT_LOCALE = "es"
LANGUAGES = {"es": {"flag": "es", "name": "Español"}, "en": {"flag": "us", "name": "English"}}
# A query is of the file that is published now: nothing is kept from an earlier one.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
# One process on one machine: its own memory counts the tries of a login.
RATELIMIT_STORAGE_URI = "memory://"
WTF_CSRF_TIME_LIMIT = None
# Nothing is asked of the internet: a browser that obeys this does not even fetch Superset's counting pixel.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
