#!/bin/sh
# The whole world on one machine: sandboxes of all outside systems, a host, and the company of
# examples/world between them. Each sandbox has a page on which a person does what people do there.
# Runs until it is interrupted. usage: examples/demo-web.sh BINARY [FOLDER]
# SAUMA_DEMO_SANDBOX and SAUMA_DEMO_HOST are the addresses; FOLDER keeps what it was given.
set -eu
sauma=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=${2:-$(mktemp -d)}
sandbox=${SAUMA_DEMO_SANDBOX:-127.0.0.1:8701}
host=${SAUMA_DEMO_HOST:-127.0.0.1:8700}
. "$here/demo-parts.sh"
cleanup() {
    status=$?
    stop_programs
    [ -n "${kept:-}" ] || rm -rf "$work"
    exit $status
}
kept=${2:-}
trap cleanup EXIT
trap 'exit 0' INT TERM

# Waits until a program's output has a line. It may end instead: a port that is taken, say.
says() { grep -q "$1" "$2" || ! kill -0 "$3"; }
wait_for_line() {
    wait_for says "$@" && grep -q "$1" "$2" || { cat "$2" "$work"/*.log >&2; exit 1; }
}

mkdir -p "$work/companies"
cp -R "$here/world" "$work/companies/world"
hooks=http://$host/hooks/world
button=http://$host/api/v1/send/world/crm
"$sauma" sandbox all --listen "$sandbox" --options '{
  "click2contract": {"settings": {"hook": "'"$hooks"'/click2contract", "secret": "demo-click2contract",
    "address": "http://'"$sandbox"'/click2contract"}},
  "procountor": {"seed": {"dimensions": [{"name": "Projekti"}]}},
  "crm": {"sample": true, "settings": {"hook": "'"$hooks"'/crm", "secret": "demo-crm",
    "button": "'"$button"'", "button_token": "demo-crm-button"}},
  "pipedrive": {"sample": true, "settings": {"hook": "'"$hooks"'/pipedrive",
    "secret": "demo-pipedrive"}},
  "hubspot": {"sample": true, "settings": {"hook": "'"$hooks"'/hubspot", "secret": "demo-hubspot",
    "public": "https://sauma.example/hooks/world/hubspot"}}
}' >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
for name in click2contract procountor crm pipedrive hubspot ytj slack zapier smtp; do
    wait_for_line "^$name " "$work/sandbox.log" "$sandbox_pid"
done
url() { awk -v name="$1" '$1 == name {print $2}' "$work/sandbox.log"; }

secret() { printf %s "$2" | "$sauma" secret set world "$1" --data "$work/data"; }
for name in click2contract crm pipedrive hubspot crm-button; do secret "$name" "demo-$name"; done
for name in crm-token pipedrive-token hubspot-token procountor-client-id procountor-client-secret \
    procountor-api-key; do secret "$name" demo; done
secret slack-url "$(url slack)"
secret zapier-url "$(url zapier)"

PROCOUNTOR_URL=$(url procountor) CRM_URL=$(url crm) PIPEDRIVE_URL=$(url pipedrive)
HUBSPOT_URL=$(url hubspot) CONTRACTS_URL=$(url click2contract) YTJ_URL=$(url ytj) SMTP_URL=$(url smtp)
export YTJ_URL SMTP_URL CONTRACTS_URL PROCOUNTOR_URL CRM_URL PIPEDRIVE_URL HUBSPOT_URL
"$sauma" serve --companies "$work/companies" --data "$work/data" --listen "$host" \
    >"$work/host.log" 2>"$work/host-events.log" &
host_pid=$!
wait_for_line 'listening on' "$work/host.log" "$host_pid"

cat <<TEXT
The world runs. Open in a browser:

  http://$sandbox/click2contract/   accept a proposal: an invoice appears in Procountor
  http://$sandbox/crm/              mark a deal as won: the CRM asks, and a button sends it
  http://$sandbox/pipedrive/        mark a deal as won: an invoice appears, and how
                                    the customer pays stands at the organization
  http://$sandbox/hubspot/          the same
  http://$sandbox/procountor/       invoices, customers, products; approve, send, pay
  http://$sandbox/ytj/              companies as the business register has them; register one
  http://$sandbox/slack/            what was told; zapier/ and smtp/ heard of it too
  http://$sandbox/                  all sandboxes

  $sauma runs --data $work/data         what the host did
  $sauma attention --data $work/data    what needs a person

Ctrl-C ends it.
TEXT
wait "$host_pid"
