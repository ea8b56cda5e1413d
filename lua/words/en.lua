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
  ["register.nameless"] = "No business ID is known of {name}, and the Finnish Business Information "
    .. "System has {there}. If it is that company, add the business ID ({id}) and retry; if it is "
    .. "another one, choose a new customer with --set {field}=new.",
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
  ["problem.too_long"] = '{field} "{value}" has {length} characters, Procountor takes {most}',
  ["problem.letters"] = '{field} "{value}" holds the character "{character}"',
  ["problem.no_name"] = "the customer has no name",
  ["problem.part_of_address"] = "the customer's address has no {part}; fill in",
  ["problem.no_deal_address"] = "the deal has no address for the customer",
  ["problem.no_products"] = "it has no products",
  ["problem.no_table"] = "it has no pricing table",
  ["problem.no_id"] = "has no id (",
  ["problem.no_row_name"] = "it has neither a name nor a code",
  ["problem.no_quantity"] = "the quantity is missing",
  ["problem.no_price"] = "the unit price is missing",
  ["problem.no_vat"] = "the VAT percentage is missing",
  ["problem.no_number"] = '): {what} "{value}" is not a number',
  ["problem.decimals"] = "so the row would be {after} instead of {before}",
  ["problem.discount"] = "a discount of {percent} % is not possible",
  ["problem.vat_percent"] = "VAT {percent} % is not in use for sales in Procountor. In use there: "
    .. "{known} %.",
  ["problem.vat_status"] = "the VAT status {status} is not in use for sales in Procountor",
  ["problem.vat_number"] = "is not a VAT number",
  ["problem.reference"] = "is not a reference number: its check digit does not fit",
  ["problem.postal_code"] = '"{code}" is not a Finnish postal code',
  ["problem.country"] = 'Procountor knows no country "{country}"',
  ["problem.einvoice"] = "The e-invoice address{field} cannot be used",
  ["problem.einvoice_missing"] = "the customer's e-invoice address or operator is missing",
  ["problem.no_email"] = "The invoice is to be sent by e-mail, and",
  ["problem.currency"] = "The invoice would be in {currency}, and its exchange rate is not known",
  ["problem.no_currency"] = "is no currency; its code is wanted",
  ["problem.terms"] = "a payment term of {days} days is not possible",
  ["problem.account"] = "The bank account {iban} is not an active one in Procountor",
  ["problem.rights"] = "The API user lacks rights in Procountor: {rights}. So nothing was written",
  ["problem.period"] = "The invoice would be dated {date}, and {period} is closed in Procountor",
  ["problem.ledger_sums"] = "stands in Procountor, and its sums differ from those of the rows: {sums}. "
    .. "Compare",

  -- To the salesperson whose deal or proposal needs them.
  ["owner.needs"] = '"{title}" ({id}) waits for you: its invoicing is not complete.',
  ["owner.then"] = "When it is corrected, send it to be invoiced again.",

  -- Alerts: what happened, what is already done, and what to do stand in the alert's own text.
  ["alert.over"] = "Over: {about}. It was told: {what}",
  ["alert.open"] = "Attention: {what}",
  ["alert.times"] = "So far {times} times; this is the latest. All that wait for a person: sauma "
    .. "attention.",
  ["alert.details"] = "{text}",
  ["alert.done"] = "What is done in other systems stands and is not done again.",
  ["alert.run"] = "What is done and what is missing: sauma show {run}. When it is put right, go on: "
    .. "sauma retry {run}.",
  ["kind.attention"] = 'the rule "{about}" needs a person.',
  ["kind.failed"] = 'the rule "{about}" stopped at an error.',
  ["kind.silence"] = '"{about}" has been silent for too long.',
  ["kind.reconnect"] = 'the grant of the connection "{about}" has expired or was taken back.',
  ["kind.connection-down"] = 'the connection "{about}" does not work.',
  ["kind.connection-refused"] = 'the connection "{about}" refuses the credentials.',
  ["kind.connection-address"] = 'nothing gives the connection "{about}" a token at its address.',
  ["kind.twins"] = "the same thing stands there twice ({about}).",
  ["kind.delivery-conflict"] = "a delivery id was used twice ({about}).",
  ["kind.company-broken"] = "the rules that were saved are wrong.",
  ["kind.backlog"] = "more events come than can be done ({about}).",
  ["kind.refused"] = 'an event of "{about}" could not be taken.',
  ["kind.catalogue"] = "not all products are in the CRM as they are in Procountor ({about}).",
  ["kind.overdue"] = "a customer is long overdue ({about}).",
  ["kind.many-alerts"] = "there are so many alerts that they are not told one by one.",
  ["kind.store-size"] = "more is kept of the company than there is room for.",
  ["kind.catalogue-too-large"] = 'the register of "{about}" is too large to be kept in memory.',
  ["kind.left-behind"] = "something was left in another system ({about}).",
  ["kind.not-authentic"] = 'events of "{about}" are not authentic.',
  ["kind.schedule-missed"] = 'times of the schedule "{about}" were missed.',
  ["kind.other"] = "{kind} ({about}).",

  -- How an invoice stands, in a line of the CRM.
  ["state.unfinished"] = "unfinished",
  ["state.not sent"] = "not sent",
  ["state.open"] = "open",
  ["state.partly paid"] = "partly paid",
  ["state.overdue"] = "overdue",
  ["state.paid"] = "paid",
  ["state.credited"] = "credited",
  ["state.invalidated"] = "invalidated",
}
