#!/usr/bin/env bash
# Jupyter Server with a token of its own.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -rf files config data run && mkdir files config data run
export JUPYTER_CONFIG_DIR=$WORK/config JUPYTER_DATA_DIR=$WORK/data JUPYTER_RUNTIME_DIR=$WORK/run
exec venv/bin/jupyter-server --ip 127.0.0.1 --port "$PORT" --no-browser --allow-root --ServerApp.root_dir="$WORK/files" \
  --IdentityProvider.token=lab-token-c41f7a90d2a77be019c3
