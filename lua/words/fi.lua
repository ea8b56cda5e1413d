-- Texts for people, in Finnish. See words.lua.

return {
  -- The Business Information System.
  ["register.missing"] = "Y-tunnusta {business_id} ({name}) ei löydy YTJ:n avoimesta tietopalvelusta. "
    .. "Toiminimet ja osa yhdistyksistä puuttuvat siitä; jos kyseessä on yhtiö, tarkista Y-tunnus.",
  ["register.unreachable"] = "YTJ:stä ei saatu tietoja yrityksestä {name} ({business_id}): {why}",
  ["register.differs"] = "Y-tunnus {business_id} kuuluu YTJ:n mukaan yritykselle {register} eikä "
    .. "yritykselle {name}. Korjaa Y-tunnus tai nimi.",
  ["register.renamed"] = "Yrityksen {name} ({business_id}) nimi on YTJ:n mukaan nykyään {register}; "
    .. "käytettiin sitä.",
  ["register.ceased"] = "{name} ({business_id}) on YTJ:n mukaan lakannut ({day}). Selvitä, keneltä "
    .. "laskutetaan.",
  ["register.bankruptcy"] = "{name} ({business_id}) on YTJ:n mukaan konkurssissa {day} alkaen. Selvitä "
    .. "pesänhoitajalta, keneltä laskutetaan.",
  ["register.liquidation"] = "{name} ({business_id}) on YTJ:n mukaan selvitystilassa {day} alkaen.",
  ["register.restructuring"] = "{name} ({business_id}) on YTJ:n mukaan saneerausmenettelyssä {day} "
    .. "alkaen.",
  ["register.no_vat"] = "{name} ({business_id}) ei ole YTJ:n mukaan arvonlisäverorekisterissä.",
  ["register.address_taken"] = "Asiakkaan {name} osoitetta ei voitu lukea ({why}); käytettiin YTJ:n "
    .. "osoitetta.",
  -- Asiakkaat ilman Y-tunnusta.
  ["customer.alike"] = "Asiakkaalla {name} ei ole Y-tunnusta, ja Procountorissa on {there}. Jos asiakas "
    .. "on jokin niistä, jatka valitsemalla --set {field}={id} (sen id); jos asiakas on uusi, --set "
    .. "{field}=new. Y-tunnus siinä, mistä tiedot tulevat, tekee asian varmaksi.",
}
