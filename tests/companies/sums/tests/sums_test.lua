local invoices = require "invoices"

test("the sums of random invoices are the sandbox's, to the cent", function()
  expect(invoices.compare(1, 1000)).is(nil)
end)
