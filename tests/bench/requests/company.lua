-- What `make bench` measures of requests out: each event makes as many as it says, one after the
-- other, and counts the answers that were read whole.
company "Bench Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "webhook" { as = "bench", secret = false, event = "event", id = "id" }
connect "http"    { as = "stub", url = env "BENCH_URL", concurrency = 256 }

rule "Requests out" {
  on  = "bench.requests",
  key = function(event) return event.id end,
  run = function(event)
    local read = 0
    for i = 1, event.requests do
      if http.get("stub", "/items/" .. i).body.open then read = read + 1 end
    end
    return { read = read }
  end,
}
