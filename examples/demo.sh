#!/bin/sh
# The main job, end to end, on this machine alone: sandbox servers stand for Procountor and Slack,
# a host runs the company of examples/minimal, and curl posts a signed proposal as Click2Contract
# would. usage: examples/demo.sh BINARY
set -eu
sauma=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
. "$here/demo-parts.sh"
cleanup() {
    status=$?
    stop_programs
    if [ $status != 0 ]; then
        echo "demo: failed; the logs:" >&2
        cat "$work"/*.log >&2 2>/dev/null || true
    fi
    rm -rf "$work"
    exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }

say "Sandboxes of Procountor and Slack"
"$sauma" sandbox procountor slack --listen 127.0.0.1:0 >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
wait_for grep -q '^slack ' "$work/sandbox.log"
wait_for grep -q '^procountor ' "$work/sandbox.log"
PROCOUNTOR_URL=$(awk '$1 == "procountor" {print $2}' "$work/sandbox.log")
slack_url=$(awk '$1 == "slack" {print $2}' "$work/sandbox.log")
export PROCOUNTOR_URL
cat "$work/sandbox.log"

say "A company: settings only (examples/minimal), its secrets set"
mkdir "$work/companies"
cp -R "$here/minimal" "$work/companies/minimal"
cat "$here/minimal/company.lua"
secret() { printf %s "$2" | "$sauma" secret set minimal "$1" --data "$work/data"; }
secret click2contract "demo-signing-secret"
secret procountor-client-id "demo-client"
secret procountor-client-secret "demo-client-secret"
secret procountor-api-key "demo-api-key"
secret slack-url "$slack_url"

say "The host"
"$sauma" serve --companies "$work/companies" --data "$work/data" --listen 127.0.0.1:0 \
    >"$work/host.log" 2>"$work/host-events.log" &
host_pid=$!
wait_for grep -q 'listening on' "$work/host.log"
cat "$work/host.log"
hooks=$(sed -n 's/.*listening on \(http:[^,]*\),.*/\1/p' "$work/host.log")

# Signs and posts as the sender does: HMAC-SHA256 over the time and the raw bytes.
deliver() {
    at=$(date +%s)
    signature=$( (printf '%s.' "$at"; cat "$1") | openssl dgst -sha256 -hmac demo-signing-secret |
        sed 's/.*= //')
    curl -sS -w '\n   status %{http_code}\n' -H 'Content-Type: application/json' \
        -H "X-Timestamp: $at" -H "X-Signature-256: sha256=$signature" \
        --data-binary "@$1" "$hooks/hooks/minimal/click2contract"
}

say "A proposal is signed: Click2Contract posts it"
deliver "$here/minimal/fixtures/signed.json"

run_done() { "$sauma" runs --data "$work/data" --json | grep -q '"state":"\(done\|attention\|failed\)"'; }
wait_for run_done
run=$("$sauma" runs --data "$work/data" --json | sed -n 's/.*"id":"\(run_[^"]*\)".*/\1/p' | head -n 1)

say "What happened: sauma show $run"
"$sauma" show "$run" --data "$work/data"
"$sauma" runs --data "$work/data" --state done --json | grep -q run_

token=$(curl -sS -d grant_type=client_credentials -d client_id=demo-client \
    -d client_secret=demo-client-secret -d api_key=demo-api-key "$PROCOUNTOR_URL/oauth/token" |
    sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/')
ask() { curl -sS -H "Authorization: Bearer $token" "$PROCOUNTOR_URL$1"; }
# A record a line, its members spaced: readable without a JSON tool.
readable() { sed 's/.*"results":\[//; s/\]}$//; s/},{"\(active\|billing\|counter\)/},\n{"\1/g' | sed 's/,"/, "/g; s/^/   /'; echo; }

say "What stands in Procountor, from its own API: the customer"
ask '/businesspartners?type=CUSTOMER' | readable
say "... the products"
ask '/products?type=SALES' | readable
say "... the invoice, UNFINISHED"
ask '/invoices?types=SALES_INVOICE' | readable

say "Slack heard of it"
curl -sS "${slack_url%/services/*}/" | sed -n 's/<[^>]*>/ /g; /lasku/p' | head -n 1

say "The same delivery again changes nothing"
before=$(ask '/invoices?types=SALES_INVOICE')
deliver "$here/minimal/fixtures/signed.json"
[ "$(ask '/invoices?types=SALES_INVOICE')" = "$before" ]
"$sauma" runs --data "$work/data"

say "SIGTERM: the host drains and ends"
kill -TERM "$host_pid"
wait "$host_pid"
host_pid=
echo "demo: one proposal, one customer, one invoice"
