-- Two registers and a look at both: what the tests of the sync begin with.

local shared = {}

-- procountor, crm: sandboxes with these customers and organizations.
function shared.start(organizations, customers)
  return sandbox("procountor", { seed = { customers = customers } }),
    sandbox("crm", { seed = { organizations = organizations } })
end

-- The runs that wait for a person, when all have ended; none of them may have failed.
function shared.questions()
  local open = {}
  for _, run in ipairs(runs "wait") do
    expect(run.state == "failed" and run.reason or nil).is(nil)
    if run.state == "attention" then open[#open + 1] = run end
  end
  return open
end

-- A look; the runs that then wait for a person.
function shared.look()
  fire "customer_sync"
  return shared.questions()
end

return shared
