-- Texts for people, in English. See words.lua.

return {
  -- The Business Information System.
  ["register.missing"] = "The business ID {business_id} of {name} is not in the Finnish Business "
    .. "Information System's open data. Sole traders and some associations are not in it; if this is a "
    .. "company, check the business ID.",
  ["register.unreachable"] = "The Finnish Business Information System could not be asked about {name} "
    .. "({business_id}): {why}",
  ["register.differs"] = "The business ID {business_id} belongs to {register} by the Finnish Business "
    .. "Information System, and not to {name}. Correct the business ID or the name.",
  ["register.renamed"] = "{name} ({business_id}) is called {register} today by the Finnish Business "
    .. "Information System; that name was used.",
  ["register.ceased"] = "{name} ({business_id}) has ceased ({day}) by the Finnish Business Information "
    .. "System. Find out who is to be invoiced.",
  ["register.bankruptcy"] = "{name} ({business_id}) is bankrupt since {day} by the Finnish Business "
    .. "Information System. Ask the estate's administrator who is to be invoiced.",
  ["register.liquidation"] = "{name} ({business_id}) is in liquidation since {day} by the Finnish "
    .. "Business Information System.",
  ["register.restructuring"] = "{name} ({business_id}) is under restructuring since {day} by the "
    .. "Finnish Business Information System.",
  ["register.no_vat"] = "{name} ({business_id}) is not in the VAT register by the Finnish Business "
    .. "Information System.",
  ["register.address_taken"] = "The address of {name} could not be read ({why}); the one in the Finnish "
    .. "Business Information System was used.",
  -- Customers without a business ID.
  ["customer.alike"] = "The customer {name} has no business ID, and Procountor has {there}. If it is "
    .. "one of them, retry with --set {field}={id} (its id); if it is a new customer, with --set "
    .. "{field}=new. A business ID where the data comes from makes it certain.",

  -- What stands in the way of an invoice: the words of the rules themselves, by which
  -- words.translate knows them.
  ["problem.address"] = 'the address "{address}" could not be split into street, postal code and city',
  ["problem.no_address"] = "the proposal has no address for the customer",
  ["problem.business_id"] = 'the business ID "{business_id}" is not valid: {why}',
  ["problem.sums"] = "the sums differ: {sums}. Compare",
  ["problem.twins"] = "{count} customers in Procountor have the business ID {business_id}: {names}.",

  -- To the salesperson whose deal or proposal needs them.
  ["owner.needs"] = '"{title}" ({id}) waits for you: its invoicing is not complete.',
  ["owner.then"] = "When it is corrected, send it to be invoiced again.",

  -- Alerts: what happened, what is already done, and what to do stand in the alert's own text.
  ["alert.over"] = "Over: {kind} ({about})",
  ["alert.open"] = "Attention, {kind} ({about}): {text}",
  ["alert.times"] = "So far {times} times; this is the latest. All that wait for a person: sauma "
    .. "attention.",
}
