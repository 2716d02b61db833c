#!/bin/sh
# Sends 200 requests with each of two headers and counts the answers by status, as a load test does that looks at no more.
set -eu
url=http://127.0.0.1:8377/basic/orders
for header in "Authorization: Basic $(printf %s "service:$WHY_PASSWORD" | base64)" "X-Forgot: the credential"; do
  for i in $(seq 200); do
    curl -s -o /dev/null -w '%{http_code} %{time_starttransfer} %{time_pretransfer}\n' -H "$header" "$url"
  done | awk '{ n[$1]++; t[$1] += $2 - $3 } END { for (s in n) printf "%s: %d answers, %.2f ms each\n", s, n[s], 1000 * t[s] / n[s] }'
done
