#!/usr/bin/env bash
# idpy-oidc: the OpenID provider of its example/flask_op, with the grants client_credentials and password and the revocation endpoint.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf private && mkdir -p private templates
echo '{"diana": "lab-Password-1", "babs": "lab-Password-2"}' > passwd.json
echo '{"diana": {"name": "Diana Lab", "email": "diana@example.org"}, "babs": {"name": "Barbara Lab", "email": "babs@example.com"}}' > users.json
cp "$HERE/user_pass.jinja2" templates/
cp "$HERE/app.py" .
exec venv/bin/python app.py
