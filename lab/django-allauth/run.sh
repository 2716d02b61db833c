#!/usr/bin/env bash
# django-allauth as an OpenID provider (allauth.idp.oidc) behind its own login pages, with an API of Django REST framework that its classes protect.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f app.sqlite3
[ -f private.pem ] || openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem
export LIFETIME="${LIFETIME:-20}" PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
LAB_SEED=1 venv/bin/python -c "import app"
exec venv/bin/waitress-serve --listen "127.0.0.1:$PORT" --threads 8 app:application
