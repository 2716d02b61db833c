#!/usr/bin/env bash
# FastMCP 4.2 on the Python SDK of the Model Context Protocol: an authorization server in memory, and two tools behind its tokens.
. "$(dirname "$0")/../lib/start.sh"
python_packages
cp "$HERE/app.py" .
export FASTMCP_CHECK_FOR_UPDATES=off
exec venv/bin/python app.py
