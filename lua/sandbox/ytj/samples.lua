-- What the YTJ sandbox begins with: a few companies in each state that matters, postal codes of some
-- towns, and code lists. Names and numbers are made up, with check digits that fit.

local kit = require "sandbox.kit"

local samples = {}

local FORMS = {
  { type = "16", fi = "Osakeyhtiö", sv = "Aktiebolag", en = "Limited company", word = "OY" },
  { type = "17", fi = "Julkinen osakeyhtiö", sv = "Publikt aktiebolag",
    en = "Public limited company", word = "OYJ" },
  { type = "2", fi = "Asunto-osakeyhtiö", sv = "Bostadsaktiebolag",
    en = "Housing company", word = "AOY" },
}

samples.DESCRIPTIONS = {
  YRMU = FORMS,
  REK = {
    { type = "1", fi = "Kaupparekisteri", sv = "Handelsregistret", en = "Trade register" },
    { type = "5", fi = "Ennakkoperintärekisteri", sv = "Förskottsuppbördsregistret",
      en = "Prepayment register" },
    { type = "6", fi = "Arvonlisäverorekisteri", sv = "Momsregistret", en = "VAT register" },
    { type = "7", fi = "Työnantajarekisteri", sv = "Arbetsgivarregistret",
      en = "Employer register" },
  },
}

-- Code, town in Finnish and in Swedish, municipality.
samples.POST_CODES = {
  { "00100", "HELSINKI", "HELSINGFORS", "091" }, { "00101", "HELSINKI", "HELSINGFORS", "091" },
  { "00120", "HELSINKI", "HELSINGFORS", "091" }, { "02100", "ESPOO", "ESBO", "049" },
  { "01300", "VANTAA", "VANDA", "092" }, { "20100", "TURKU", "ÅBO", "853" },
  { "22100", "MAARIANHAMINA", "MARIEHAMN", "478" }, { "33100", "TAMPERE", "TAMMERFORS", "837" },
  { "40100", "JYVÄSKYLÄ", "JYVÄSKYLÄ", "179" }, { "65100", "VAASA", "VASA", "905" },
  { "66900", "UUSIKAARLEPYY", "NYKARLEBY", "893" }, { "86800", "PYHÄJÄRVI", "PYHÄJÄRVI", "626" },
  { "90100", "OULU", "ULEÅBORG", "564" }, { "96100", "ROVANIEMI", "ROVANIEMI", "698" },
}

local function towns_of(code)
  for _, entry in ipairs(samples.POST_CODES) do
    if entry[1] == code then return entry end
  end
  return { code, "HELSINKI", "HELSINGFORS", "091" }
end

local function descriptions(form)
  -- In no order that anybody may count on.
  return kit.array { { languageCode = "2", description = form.sv },
    { languageCode = "1", description = form.fi }, { languageCode = "3", description = form.en } }
end

local function address(kind, given, since)
  local towns = towns_of(given.postal_code)
  return { type = kind, street = given.street or "", buildingNumber = given.number or "",
    entrance = given.entrance or "", apartmentNumber = given.apartment or "",
    apartmentIdSuffix = "", co = given.co or "", postCode = given.postal_code,
    postOfficeBox = given.po_box or "",
    postOffices = kit.array {
      { city = towns[3], languageCode = "2", municipalityCode = towns[4] },
      { city = towns[2], languageCode = "1", municipalityCode = towns[4] } },
    registrationDate = since, source = "0" }
end

-- given: { business_id, name, former, auxiliary, form = "OY", visiting, postal = { street, number,
-- entrance, apartment, postal_code, po_box, co }, vat = false, ended, situation = "KONK" }.
function samples.company(given)
  local since = given.since or "2004-02-20"
  local names = kit.array { { name = given.name, type = "1", registrationDate = since, version = 1,
    source = "1" } }
  if given.auxiliary then
    names[#names + 1] = { name = given.auxiliary, type = "3", registrationDate = since, version = 1,
      source = "1" }
  end
  if given.former then
    names[#names + 1] = { name = given.former, type = "1", registrationDate = "2001-01-02",
      endDate = since, version = 2, source = "1" }
  end
  local form = FORMS[1]
  for _, known in ipairs(FORMS) do
    if known.word == given.form then form = known end
  end
  local entries = kit.array { { type = given.ended and "4" or "1", register = "1", authority = "2",
    registrationDate = since, descriptions = kit.array {
      { languageCode = "1", description = "Rekisterissä" } } } }
  if given.vat ~= false then
    entries[#entries + 1] = { type = "80", register = "6", authority = "1", registrationDate = since,
      endDate = given.ended, descriptions = kit.array {
        { languageCode = "3", description = "VAT-liable for business activity" } } }
  end
  local addresses = kit.array()
  if given.visiting then addresses[1] = address(1, given.visiting, since) end
  if given.postal then addresses[#addresses + 1] = address(2, given.postal, since) end
  return {
    businessId = { value = given.business_id, registrationDate = since, source = "3" },
    euId = { value = "FIFPRO." .. given.business_id, source = "1" }, names = names,
    companyForms = kit.array { { type = form.type, descriptions = descriptions(form),
      registrationDate = since, version = 1, source = "1" } },
    companySituations = kit.array { given.situation and { type = given.situation,
      registrationDate = given.since_situation or "2026-05-04", source = "1" } or nil },
    registeredEntries = entries, addresses = addresses,
    tradeRegisterStatus = given.ended and "4" or "1", status = "2", registrationDate = since,
    endDate = given.ended, lastModified = "2026-08-19T10:04:06" }
end

samples.COMPANIES = {
  { business_id = "1234567-1", name = "Testiasiakas Oy", former = "Testi ja Kumppanit Oy",
    auxiliary = "Testipaja",
    visiting = { street = "Mannerheimintie", number = "12", entrance = "B", apartment = "34",
      postal_code = "00100" },
    postal = { postal_code = "00101", po_box = "123" } },
  { business_id = "2331972-7", name = "Pohjan Sauna Oyj", form = "OYJ",
    visiting = { street = "Saunatie", number = "3", postal_code = "86800" } },
  { business_id = "1234562-0", name = "Lakannut Esimerkki Oy", ended = "2024-11-30",
    visiting = { street = "Vanhatie", number = "1", postal_code = "33100" } },
  { business_id = "0100002-9", name = "Konkurssi Esimerkki Oy", situation = "KONK",
    visiting = { street = "Kujatie", number = "7", postal_code = "20100" } },
  { business_id = "1234570-0", name = "Bostads Ab Exempelgården", form = "AOY", vat = false,
    visiting = { street = "Norra Esplanaden", number = "21", postal_code = "00100" },
    postal = { street = "Norra Esplanaden", number = "21", postal_code = "00100",
      co = "c/o Disponent Ab" } },
}

return samples
