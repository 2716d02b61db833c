#!/usr/bin/env bash
# nginx with client certificates: on PORT they are required (`ssl_verify_client on`), on PORT_2 they are asked for and what came of
# them is not looked at, a mistake that answers on forums repeat.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
# authority, and two certificates for one purpose each
make_ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" 2> /dev/null; }
make_leaf() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2> /dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -out "$1.pem" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$2" "$3") 2> /dev/null
}
make_ca ca "lab CA"
make_leaf server IP:127.0.0.1 serverAuth
make_leaf device DNS:device.lab.test clientAuth
mkdir -p site && echo '{"area":"devices","order":"c41f7a90d2","holder":"a lamp of brass"}' > site/orders.json
cat > nginx.conf <<CONF
daemon off;
$([ "$(id -u)" != 0 ] || echo 'user root;')
worker_processes 1;
pid $WORK/nginx.pid;
error_log $WORK/error.log;
events { worker_connections 512; }
http {
  types { application/json json; }
  access_log off;
  client_body_temp_path $WORK/body; proxy_temp_path $WORK/proxy; fastcgi_temp_path $WORK/fastcgi;
  uwsgi_temp_path $WORK/uwsgi; scgi_temp_path $WORK/scgi;
  ssl_certificate $WORK/server.pem;
  ssl_certificate_key $WORK/server.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_client_certificate $WORK/ca.pem;
  server {
    listen 127.0.0.1:$PORT ssl;
    ssl_verify_client on;
    root $WORK/site;
  }
  server {
    listen 127.0.0.1:$PORT_2 ssl;
    ssl_verify_client optional;
    root $WORK/site;
  }
}
CONF
exec "$DEBIAN_ROOT/usr/sbin/nginx" -e "$WORK/error.log" -p "$WORK" -c "$WORK/nginx.conf"
