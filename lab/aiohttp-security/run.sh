#!/usr/bin/env bash
# aiohttp with aiohttp-security and aiohttp-session: the dictionary example of their documentation, with the session in an encrypted cookie.
. "$(dirname "$0")/../lib/start.sh"
python_packages
cp "$HERE/app.py" .
exec venv/bin/python app.py
