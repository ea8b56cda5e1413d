--[[
What company.lua may say of the company, of any connection and of a rule, as options.check reads it.
What a connection of one kind has besides stands with its connector, what a ready rule has in
rules/.
]]

local allowed = {}

allowed.company = {
  language = { type = "string", one_of = { "fi", "sv", "en", "et", "no", "da" } },
  time_zone = { type = "string" },
  responsible = { type = "string",
    help = "the mail address of who is told when something needs a person" },
  limits = { type = "table", help = "lower limits for this company: { memory = \"16m\" }" },
  trigger = { type = "string|function", one_of = { "automatic", "manual", "off" },
    help = "of rules that say none of their own" },
  redact = { type = "table", help = 'fields of personal data that are not shown: '
    .. '{ "buyer.person_id", "*.phone" }' },
}
-- Of every connection, whatever its kind.
allowed.connection = {
  as = { type = "string", help = "the connection's name, if not its kind" },
  timeout = { type = "number", above = 0, max = 3600, help = "seconds for one request" },
  rate = { type = "number", above = 0, max = 1000000,
    help = "requests in any second; 0.5 is one in any two seconds" },
  settle = { type = "number", min = 0, max = 86400,
    help = "seconds that a lost request may still be under way" },
  looks = { type = "list", help = "seconds after settle at which a lost request that was not found is "
    .. "looked for again: { 300, 900, 3600 }" },
  attempts = { type = "integer", min = 1, max = 10, help = "how often a write is sent in all" },
  deadline = { type = "number", above = 0, max = 2592000,
    help = "seconds within which a step is tried again" },
  expected_every = { type = "every", help = 'an event at least so often ("24h"), else an alert' },
  concurrency = { type = "integer", min = 1, max = 10000, help = "most requests at once" },
  headers = { type = "table", help = "headers of all of its requests: { name = \"text\" }" },
  proxy = { type = "address", help = "address of a proxy that its requests go through" },
  certificate = { type = "credential", help = "the client's certificate as PEM, with its key" },
  certificate_key = { type = "credential", help = "that key, if it is not with the certificate" },
  redirects = { type = "list", help = "other hosts that http.get may be sent on to, without "
    .. 'credentials: { "files.example.com", "*.example.net" }' },
}
allowed.rule = {
  name = { type = "string" },
  on = { type = "string|table", required = true,
    help = 'the events it is for: "connection" or "connection.event"' },
  trigger = { type = "string|function", one_of = { "automatic", "manual", "off" } },
  key = { type = "function|text" },
  expected_every = { type = "every", help = 'an event at least so often ("24h"), else an alert' },
  newest = { type = "function", help = "how new the event's data is: a number, a time, a text" },
  run = { type = "function", required = true, help = "the function that does the work" },
  -- For rule scripts whose options name connections: so that a wrong name is found at load.
  needs = { type = "list", help = "names of connections that run uses" },
  check = { type = "function", help = "nil, or what is wrong with the connections, once all are known" },
}

return allowed
