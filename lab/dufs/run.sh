#!/usr/bin/env bash
# dufs, a file server, with accounts and their paths as in the part "Access Control" of its documentation.
. "$(dirname "$0")/../lib/start.sh"
VERSION=0.47.0
[ -x "bin/dufs-$VERSION" ] || {
  # the crate has its own Cargo.lock
  nice cargo install --quiet --locked --version "$VERSION" --root install --target-dir target dufs >&2
  mkdir -p bin && cp install/bin/dufs "bin/dufs-$VERSION"
}
rm -rf share && mkdir -p share/team share/public
echo '{"area":"share","order":"c41f7a90d2"}' > share/order.json
echo '{"area":"team","plan":"a77be019c3"}' > share/team/plan.json
echo 'open to everyone' > share/public/hello.txt
exec "bin/dufs-$VERSION" --bind 127.0.0.1 --port "$PORT" --allow-upload --allow-delete --allow-search --allow-archive --allow-hash \
  --auth 'alice:lab-Password-1@/:rw' --auth 'bob:lab-Password-2@/team,/public' --auth '@/public' share
