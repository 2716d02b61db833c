#!/usr/bin/env bash
# nginx with auth_basic, auth_request, satisfy and limit_except, as the documentation of its modules shows them. What auth_request asks
# answers on PORT_2.
. "$(dirname "$0")/../lib/start.sh"
: "${PORT_2:?set PORT_2 to a free port}"
debian_packages
rm -rf site && mkdir -p site/basic site/public
echo '{"area":"basic","order":"a77be019c3"}' > site/basic/order.json
echo '{"area":"public"}' > site/public/index.json
printf 'alice:%s\nbob:%s\ncarl:%s\n' "$(openssl passwd -apr1 -salt labsalt1 lab-Password-1)" "$(openssl passwd -apr1 -salt labsalt2 lab-Password-2)" \
  "$(openssl passwd -apr1 -salt labsalt3 lab:Pass:word-3)" > htpasswd
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
  server {
    listen 127.0.0.1:$PORT;
    root $WORK/site;
    location /public/ { }
    location /basic/ {
      auth_basic           "closed site";
      auth_basic_user_file $WORK/htpasswd;
    }
    # reading is open, writing needs a password
    location /mixed/ {
      limit_except GET {
        auth_basic           "closed site";
        auth_basic_user_file $WORK/htpasswd;
      }
      proxy_pass http://127.0.0.1:$PORT_2;
    }
    location /tokens/ {
      auth_request     /auth;
      auth_request_set \$user \$upstream_http_x_user;
      proxy_set_header X-User \$user;
      proxy_pass       http://127.0.0.1:$PORT_2;
    }
    # a key or a password
    location /either/ {
      satisfy any;
      auth_request         /auth;
      auth_basic           "closed site";
      auth_basic_user_file $WORK/htpasswd;
      proxy_pass http://127.0.0.1:$PORT_2;
    }
    location = /auth {
      internal;
      proxy_pass http://127.0.0.1:$PORT_2;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-URI \$request_uri;
    }
  }
}
CONF
python3 "$HERE/upstream.py" &
until curl --silent --output answer.txt "http://127.0.0.1:$PORT_2/"; do sleep 0.1; done
exec "$DEBIAN_ROOT/usr/sbin/nginx" -e "$WORK/error.log" -p "$WORK" -c "$WORK/nginx.conf"
