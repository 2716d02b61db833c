#!/usr/bin/env bash
# JupyterHub: with its DummyAuthenticator and the spawner for simple tests behind configurable-http-proxy; services with tokens.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
python_packages
node_packages
rm -f jupyterhub.sqlite jupyterhub_cookie_secret jupyterhub-proxy.pid
export PATH="$WORK/venv/bin:$WORK/node_modules/.bin:$PATH"
PROXY_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export PROXY_PORT
exec venv/bin/jupyterhub --config "$HERE/jupyterhub_config.py"
