--[[
Words of proposals as Procountor's closed lists have them.

  words.unit(text, extra)  -> a value of the unit list, or nil if the word is not known; extra is
                              the company's own { ["käyttäjä"] = "PERSON" }
  words.spelling(unit)     -> how people write it ("HOUR" is "h"), which words.unit reads back; the
                              unit itself where no word is known, nil for NO_UNIT
  words.language(text)     -> "FINNISH", or nil
]]

local words = {}

-- All 111 units of OpenAPI 26.04 (Product.unit, InvoiceRow.unit).
local UNITS = {}
for name in ([[
  AMPERE AMPERE_HOUR AMPERE_MINUTE BAG BAR BOTTLE BOX CAN CENTILITRE CM CUBIC_METER CUP DAY
  DECILITRE DOZEN DOZEN_PACK EIGHT_PACK EXAJOULE FIVE_PACK FOOT FOUR_PACK FULL_DAY GALLON_UK
  GALLON_US GIGABIT GIGABYTE GIGAJOULE GIGAWATT GIGAWATT_HOUR GRAM GRAM_PER_CUBIC_METRE
  GRAM_PER_SQUARE_METRE HECTARE HOUR HUNDRED INCH JAR JOULE JOULE_PER_SECOND KILOAMPERE_HOUR
  KILOBIT KILOBYTE KILOGRAM KILOGRAM_PER_CUBIC_METRE KILOGRAM_PER_SQUARE_METRE KILOJOULE KILOMETER
  KILOPASCAL KILOVOLT KILOWATT KILOWATT_HOUR LINEAR_METER LITER LOT MEGABIT MEGABYTE MEGAWATT_HOUR
  METER MILE MILLIAMPERE_HOUR MILLIGRAM MILLIGRAM_PER_CUBIC_METRE MILLIJOULE MILLILITRE MILLIMETER
  MILLIVOLT MILLIWATT MINUTE MONTH NINE_PACK NO_UNIT NUMBER_OF_WORDS OUNCE PAGE PAIR PALLET PARCEL
  PASCAL PERSON PETAJOULE PIECE PINT_UK PINT_US PLATE POUND ROLL SACK SALE_UNIT SECOND SERIES SET
  SEVEN_PACK SIX_PACK SQUARE_CENTIMETRE SQUARE_METER STONE_UK TEN_PACK TERABIT TERAJOULE TERAWATT
  TERAWATT_HOUR THREE_PACK TON TUBE TWO_PACK WATT WATT_HOUR WEEK WRAP YARD YEAR
]]):gmatch("%S+") do UNITS[name] = true end

-- Finnish, Swedish and English spellings. "t" is an hour: proposals sell work more often than tons.
local SPELLINGS = {
  PIECE = "kpl st pcs pc pce piece pieces kappale kappaletta styck ea each",
  HOUR = "h t tunti tuntia tim timme timmar hour hours hr hrs",
  DAY = "pv päivä päivää d day days dag dagar pvä",
  FULL_DAY = "htp henkilötyöpäivä",
  MONTH = "kk kuukausi kuukautta mån månad månader month months mo",
  YEAR = "v vuosi vuotta år year years a",
  WEEK = "vko viikko viikkoa vecka veckor week weeks",
  MINUTE = "min minuutti minuuttia minut minuter minute minutes",
  METER = "m metri metriä meter metre",
  LINEAR_METER = "jm juoksumetri löpmeter",
  SQUARE_METER = "m2 m² neliö neliötä kvm",
  CUBIC_METER = "m3 m³ kuutio kuutiota kbm",
  CM = "cm",
  MILLIMETER = "mm",
  KILOGRAM = "kg kilo kiloa",
  GRAM = "g gramma grammaa gram",
  TON = "tn tonni tonnia ton tons",
  LITER = "l ltr litra litraa liter litre",
  KILOMETER = "km kilometri kilometriä",
  KILOWATT_HOUR = "kwh",
  MEGAWATT_HOUR = "mwh",
  LOT = "erä urakka parti lot",
  BOX = "ltk laatikko låda box",
  PARCEL = "pkt paketti paket package",
  PERSON = "hlö henkilö henkilöä pers person persons",
  PAGE = "sivu sivua sida sidor page pages",
  SET = "setti sarja set",
  PAIR = "pari paria par pair",
  ROLL = "rll rulla rullaa rulle roll",
  BOTTLE = "plo pullo pulloa flaska bottle",
  BAG = "pss pussi påse bag",
  SACK = "säkki säck sack",
  PALLET = "lava lavaa pall pallet",
  NUMBER_OF_WORDS = "sana sanaa ord word words",
  HUNDRED = "sata",
}
local BY_WORD = {}
for unit, list in pairs(SPELLINGS) do
  for word in list:gmatch("%S+") do BY_WORD[word] = unit end
end

function words.unit(text, extra)
  local lower = text:lower():gsub("Ä", "ä"):gsub("Ö", "ö"):gsub("Å", "å"):gsub("%.$", "")
  local own = extra and (extra[text] or extra[lower])
  if own then return UNITS[own] and own or nil end
  if UNITS[text] then return text end
  return BY_WORD[lower]
end

function words.spelling(unit)
  if unit == "NO_UNIT" then return nil end
  local list = SPELLINGS[unit]
  return list and list:match("^%S+") or unit
end

-- True for a value of Procountor's own list.
function words.is_unit(name)
  return UNITS[name] == true
end

local LANGUAGES = { fi = "FINNISH", sv = "SWEDISH", en = "ENGLISH", et = "ESTONIAN",
  no = "NORWEGIAN", nb = "NORWEGIAN", nn = "NORWEGIAN", da = "DANISH",
  fin = "FINNISH", swe = "SWEDISH", eng = "ENGLISH", est = "ESTONIAN", nor = "NORWEGIAN",
  dan = "DANISH", suomi = "FINNISH", svenska = "SWEDISH", ruotsi = "SWEDISH",
  englanti = "ENGLISH", engelska = "ENGLISH", finska = "FINNISH", viro = "ESTONIAN",
  eesti = "ESTONIAN", norsk = "NORWEGIAN", dansk = "DANISH" }

function words.language(text)
  if type(text) ~= "string" then return nil end
  local code = text:lower():match("^%s*(%a+)")
  if not code then return nil end
  if LANGUAGES[code] then return LANGUAGES[code] end
  for _, name in pairs(LANGUAGES) do
    if name == code:upper() then return name end
  end
  return nil
end

return words
