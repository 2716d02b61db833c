"""Gets a code as the owner who says yes, and prints the token response for it."""

import os
import urllib.error
import urllib.parse
import urllib.request

BASE, REDIRECT = os.environ["BASE_URL"], "http://localhost:8021/endpoint"


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


query = urllib.parse.urlencode({"response_type": "code", "client_id": "LocalClient", "redirect_uri": REDIRECT, "allow": "true"})
try:
    urllib.request.build_opener(Stay).open(f"{BASE}/authorize?{query}", b"", timeout=10)
except urllib.error.HTTPError as answer:
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)["code"][0]
form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": "LocalClient"})
print(urllib.request.urlopen(f"{BASE}/token", form.encode(), timeout=10).read().decode())
