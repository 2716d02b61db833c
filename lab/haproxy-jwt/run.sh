#!/usr/bin/env bash
# HAProxy as an API gateway: its documented rules for the verification of JWTs.
. "$(dirname "$0")/../lib/start.sh"
debian_packages
openssl genpkey -algorithm RSA -out key.pem 2> /dev/null
openssl pkey -in key.pem -pubout -out public.pem
cat > haproxy.cfg <<'CONF'
global
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend api
    bind 127.0.0.1:${PORT}
    http-request return status 200 content-type application/json string '{"health":"ok"}' if { path /health }
    http-request deny content-type 'text/html' string 'Missing Authorization HTTP header' unless { req.hdr(authorization) -m found }
    http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
    http-request set-var(txn.iss) http_auth_bearer,jwt_payload_query('$.iss')
    http-request set-var(txn.aud) http_auth_bearer,jwt_payload_query('$.aud')
    http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int')
    http-request set-var(txn.scope) http_auth_bearer,jwt_payload_query('$.scope')
    http-request deny content-type 'text/html' string 'Unsupported JWT signing algorithm' unless { var(txn.alg) -m str RS256 }
    http-request deny content-type 'text/html' string 'Invalid JWT issuer' unless { var(txn.iss) -m str https://issuer.example.test/ }
    http-request deny content-type 'text/html' string 'Invalid JWT audience' unless { var(txn.aud) -m str https://api.example.test }
    http-request deny content-type 'text/html' string 'Invalid JWT signature' unless { http_auth_bearer,jwt_verify(txn.alg,"public.pem") -m int 1 }
    http-request set-var(txn.now) date()
    http-request deny content-type 'text/html' string 'JWT has expired' if { var(txn.exp),sub(txn.now) -m int lt 0 }
    http-request deny content-type 'text/html' string 'Insufficient scope' if { path_beg /notes } ! { var(txn.scope) -m sub read }
    http-request return status 200 content-type application/json string '{"note":"a77be019c3"}' if { path_beg /notes }
    http-request return status 200 content-type application/json string '{"area":"orders","order":"c41f7a90d2"}' if { path_beg /orders }
    http-request return status 404 content-type text/plain string 'not found'
CONF
exec "$DEBIAN_ROOT/usr/sbin/haproxy" -db -f haproxy.cfg
