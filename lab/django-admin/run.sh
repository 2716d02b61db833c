#!/usr/bin/env bash
# The admin site of Django, as `startproject` makes it, with one superuser.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf site && mkdir site
venv/bin/django-admin startproject labsite site
cat >> site/labsite/settings.py <<SETTINGS
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
SESSION_COOKIE_AGE = ${LIFETIME:-20}
SETTINGS
cd site
../venv/bin/python manage.py migrate --verbosity 0
DJANGO_SUPERUSER_PASSWORD=lab-Password-1 ../venv/bin/python manage.py createsuperuser --noinput --username alice --email alice@example.test
exec ../venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 labsite.wsgi:application
