"""Superset's own database made ready: tables, login, dashboard. Runs in Superset's environment.

`<password>` on standard input. What is there from before is renewed: a dashboard that was changed in the
browser comes back as its files say, one that was copied there stays.
"""

import os
import sys
from pathlib import Path

import yaml
from flask import g
from flask_migrate import upgrade
from superset.app import create_app

ASSETS = Path(__file__).parent / "assets"


def contents(marts: str) -> dict[str, str]:
    """The files of the dashboard as Superset imports them, with the published file's address in them."""
    found = {str(path.relative_to(ASSETS)): path.read_text("utf-8") for path in ASSETS.rglob("*.yaml")}
    name = "databases/Aforo.yaml"
    found[name] = yaml.safe_dump(yaml.safe_load(found[name]) | {"sqlalchemy_uri": f"duckdb:///{marts}"})
    return found


def main() -> None:
    """Makes or renews it."""
    login, password = os.environ["AFORO_BI_LOGIN"], sys.stdin.readline().strip()
    with create_app().app_context():
        upgrade()
        # Only now: these look at the tables.
        from superset import appbuilder, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand

        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        user = security_manager.find_user(login)
        if user is None:
            role = security_manager.find_role("Admin")
            user = security_manager.add_user(login, "Aforo", "Planner", "aforo@localhost", role, password)
        else:
            security_manager.reset_password(user.id, password)
        g.user = user
        ImportAssetsCommand(contents(os.environ["AFORO_MARTS"])).run()


if __name__ == "__main__":
    main()
