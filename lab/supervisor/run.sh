#!/usr/bin/env bash
# Supervisor 4 with its web interface and XML-RPC over HTTP Basic, as its documentation has it.
. "$(dirname "$0")/../lib/start.sh"
python_packages
cat > supervisord.conf <<CONF
[inet_http_server]
port = 127.0.0.1:$PORT
username = admin
password = lab-Password-1
[supervisord]
nodaemon = true
logfile = $WORK/supervisord.log
pidfile = $WORK/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command = /bin/cat
CONF
exec venv/bin/supervisord -c supervisord.conf
