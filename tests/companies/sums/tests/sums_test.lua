local invoices = require "invoices"

test("the sums of random invoices are the sandbox's, to the cent", function()
  expect(invoices.compare(1, 1000)).is(nil)
end)

-- The number is what tests/torture/v1_sums.py gives for them: digest(1, 1000).
test("they are those that another language works out in fractions", function()
  expect(invoices.digest(1, 1000)).is(1644711034)
end)
