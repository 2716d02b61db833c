#!/usr/bin/env bash
# Caddy: its basicauth directive in front of a reply.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
export HOME=$WORK
hash=$(caddy hash-password --plaintext lab-Password-1)
cat > Caddyfile <<CONF
{
	admin off
	auto_https off
}
http://127.0.0.1:$PORT {
	bind 127.0.0.1
	handle /orders* {
		basicauth {
			alice $hash
		}
		header Content-Type application/json
		respond \`{"area":"orders","order":"c41f7a90d2"}\` 200
	}
	respond "Hello" 200
}
CONF
exec caddy run --config Caddyfile --adapter caddyfile
