#!/usr/bin/env bash
# Datasette: its JSON API with signed API tokens of its own, after its documentation: a table that two actors may see and one may write.
. "$(dirname "$0")/../lib/start.sh"
python_packages
rm -f lab.db && python3 - <<'PY'
import sqlite3
base = sqlite3.connect("lab.db")
base.executescript("""
create table notes (id integer primary key, note text);
insert into notes values (1, 'c41f7a90d2'), (2, 'a77be019c3');
""")
PY
cat > datasette.yaml <<'CONF'
allow: { id: [ alice, bob ] }
permissions:
  insert-row: { id: alice }
  update-row: { id: alice }
  delete-row: { id: alice }
CONF
export DATASETTE_SECRET="${LAB_SECRET:-lab-datasette-Secret-0123456789-0123456789}"
# the scenario has tokens that `datasette create-token --secret "$DATASETTE_SECRET" alice` has made
exec venv/bin/datasette serve lab.db --config datasette.yaml --host 127.0.0.1 --port "$PORT" --secret "$DATASETTE_SECRET"
