"""L2: a rule raises at each of its lines in turn, between and after its effects; the mended rule
goes on, and nothing is done twice."""
import json
import os
import signal

from ground import FINAL, wait_until

NAME, DOES = "L2", "error() at every line of a rule; then it is mended and retried"

HEAD = """company "{name} Oy" {{ language = "fi" }}
connect "click2contract" {{ secret = secret "click2contract" }}
connect "procountor" {{ rate = 1000, url = env "{variable}_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key" }}
connect "slack" {{ rate = 1000, url = env "{variable}_SLACK_URL" }}
"""
RULE = """rule "By hand" { on = "click2contract", run = function(p)
  local customer = procountor.customers.ensure(p.customer)
  local rows = {}
  for i, line in ipairs(p.rows) do
    local product = procountor.products.ensure(line)
    rows[i] = { product = product, name = line.name, quantity = line.quantity, unit = line.unit,
      unit_price = line.unit_price, discount_percent = line.discount_percent, vat = line.vat_percent }
  end
  log("rows are ready")
  local invoice = procountor.invoices.create { original_number = "C2C-" .. p.id,
    customer = customer, rows = rows, payment_terms = 14 }
  slack.send("Invoice " .. tostring(invoice.number))
  return { original_number = invoice.original_number, invoice_id = invoice.id }
end }
"""
# After these lines another statement may stand.
PLACES = [i for i, line in enumerate(RULE.splitlines())
          if line.endswith(("}", ")", "end", "do")) and "return" not in line and line != "end }"]
FULL, PER_CASE, JOBS = len(PLACES), 1, 2


def cases(scale):
    return len(PLACES)


def broken(place):
    lines = RULE.splitlines()
    return "\n".join(lines[:place + 1] + [f'    error("line {place}")'] + lines[place + 1:]) + "\n"


def write(w, rule):
    head = HEAD.format(name="acme", variable="ACME")
    with open(os.path.join(w.companies, "acme", "company.lua"), "w") as f:
        f.write(head + rule)


def case(t):
    place = PLACES[t.number % len(PLACES)]
    w = t.ground(rule=HEAD)
    write(w, broken(place))
    w.start_host()
    w.send("acme", w.proposal(f"L2-{t.number}"))

    def ended():
        runs = w.query("SELECT id, state, reason FROM runs")
        return runs and runs[0][1] in FINAL and runs[0]
    run, state, reason = wait_until(ended, "the rule to raise")
    if state != "failed" or f"line {place}" not in reason:
        t.violate("L2", f"raised at line {place}, the run is {state}: {reason}")
    if t.random.random() < 0.5:
        w.restart()
    write(w, RULE)
    w.host.p.send_signal(signal.SIGHUP)
    wait_until(lambda: '"reloaded"' in w.host.errors(), "the mended rule")
    w.sauma("retry", run, "--data", w.data)
    run, state, reason = wait_until(lambda: (found := ended()) and found[1] == "done" and found,
                                    f"the mended rule of line {place} to go on")
    evidence = t.judge(w)
    if len([e for e in evidence["ledger"] if e["sandbox"] == "acme-slack"]) != 1:
        t.violate("L2", f"line {place}: the notice was not sent once")
    result = json.loads(w.query("SELECT result FROM runs")[0][0])
    t.note(f"lines that raised", 1 if result.get("invoice_id") else 0)
    t.n += 1
