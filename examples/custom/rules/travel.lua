-- Travel is invoiced afterwards by what was driven, so proposals may show it but not invoice it.
local travel = {}

-- For the option `row` of proposal_to_invoice: nil leaves the row out.
function travel.without_kilometres(line)
  if line.unit == "km" then
    log.info("%s is travel and is invoiced later", line.where)
    return nil
  end
  return line
end

return travel
