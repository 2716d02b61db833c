#!/bin/sh
# Renews the pictures of the README: reports/sample in a headless Chromium. AUTHBENCH_BROWSER names the program.
#   docs/pictures.sh
set -eu
cd "$(dirname "$0")/.."
browser=${AUTHBENCH_BROWSER:-chromium}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# NAME REPORT WIDTH,HEIGHT STYLE
picture() {
  # the style goes in front of the report's own, which keeps all else of the page as it is
  sed "s#<title>#<style>$4</style><title>#" "$2" > "$work/page.html"
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-color-profile=srgb \
    --user-data-dir="$work/profile" --blink-settings=preferredColorScheme=1 \
    --window-size="$3" --screenshot="$PWD/docs/images/$1.png" "file://$work/page.html" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

mkdir -p docs/images
picture report reports/sample/report.html 1200,900 ''
picture costs reports/sample/costs.html 900,850 'header,.tiles,.broken,.filters,main>:not(.glance),footer{display:none!important}.glance{display:block!important}body{zoom:1}'
