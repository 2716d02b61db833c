#!/usr/bin/env bash
# HAProxy with client certificates: on PORT they are required (`verify required`); on PORT_2 they are asked for (`verify optional`), and
# what came of them goes to an application in header fields, as its documentation shows it. The log has the serial number of the
# certificate of each request, and the connection.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
make_leaf() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2> /dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -out "$1.pem" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$2" "$3") 2> /dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=lab CA" -keyout ca.key -out ca.pem 2> /dev/null
make_leaf server IP:127.0.0.1 serverAuth
cat server.pem server.key > server-with-key.pem
for number in 1 2 3 4 5 6 7 8; do make_leaf "device-$number" "DNS:device-$number.lab.test" clientAuth; done
cat > haproxy.cfg <<'CONF'
global
    maxconn 2000
    log stdout format raw local0
defaults
    mode http
    log global
    log-format "%ci:%cp serial=%[ssl_c_serial,hex] subject=%[ssl_c_s_dn(CN)] %ST %HM %HP"
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend required
    bind 127.0.0.1:${PORT} ssl crt server-with-key.pem ca-file ca.pem verify required
    http-request return status 200 content-type application/json string '{"area":"devices","order":"c41f7a90d2","holder":"a lamp of brass"}' if { path /orders.json }
    http-request return status 404 content-type text/plain string 'not found'
frontend optional
    bind 127.0.0.1:${PORT_2} ssl crt server-with-key.pem ca-file ca.pem verify optional
    http-request set-header X-SSL-Client-Used   %[ssl_c_used]
    http-request set-header X-SSL-Client-Verify %[ssl_c_verify]
    http-request set-header X-SSL-Client-CN     %{+Q}[ssl_c_s_dn(CN)]
    default_backend application
backend application
    server application unix@application.sock
frontend application
    bind unix@application.sock
    http-request deny deny_status 403 content-type application/json string '{"error":"a client certificate is needed"}' unless { req.hdr(X-SSL-Client-Used) -m int 1 } { req.hdr(X-SSL-Client-Verify) -m int 0 } { req.hdr(X-SSL-Client-CN) -m reg ^\"?device-[1-8]\"?$ }
    http-request return status 200 content-type application/json string '{"area":"devices","order":"c41f7a90d2","holder":"a lamp of brass"}' if { path /orders.json }
    http-request return status 404 content-type text/plain string 'not found'
CONF
rm -f application.sock
exec "$DEBIAN_ROOT/usr/sbin/haproxy" -db -f haproxy.cfg
