-- Schedules do not come by themselves in tests: fire lets one come. The day is far off, so that it is
-- never the next one.

test("each working morning Slack is told how held deals are sent", function()
  local slack = sandbox "slack"
  local run = fire("Deals to be sent", { at = "2031-11-28T08:00" })
  expect(run.state).is "done"
  expect(run.result).has { date = "2031-11-28", missed = 0 }
  expect(slack.messages).count(1)
  expect(fire("Deals to be sent", { at = "2031-11-28T08:00" })).is_duplicate()
  fire "Deals to be sent"
  expect(slack.messages).count(2)
end)
