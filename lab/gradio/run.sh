#!/usr/bin/env bash
# Gradio 6 with the option auth of its documentation: two users, a login by form, and functions that are called by its API.
. "$(dirname "$0")/../lib/start.sh"
python_packages
cp "$HERE/app.py" .
export GRADIO_ANALYTICS_ENABLED=False HF_HUB_OFFLINE=1 GRADIO_TEMP_DIR=$WORK/files
rm -rf files && mkdir -p files/lab
echo 'a file that was uploaded' > files/lab/lab.txt
exec venv/bin/python app.py
