-- Texts for people, in Finnish. See words.lua.

return {
  -- The Business Information System.
  ["register.missing"] = "Y-tunnusta {business_id} ({name}) ei löydy YTJ:n avoimesta tietopalvelusta. "
    .. "Toiminimet ja osa yhdistyksistä puuttuvat siitä; jos kyseessä on yhtiö, tarkista Y-tunnus.",
  ["register.unreachable"] = "YTJ:stä ei saatu tietoja yrityksestä {name} ({business_id}): {why}",
  ["register.differs"] = "Y-tunnus {business_id} kuuluu YTJ:n mukaan yritykselle {register} eikä "
    .. "yritykselle {name}. Korjaa Y-tunnus tai nimi.",
  ["register.renamed"] = "Yrityksen {name} ({business_id}) nimi on YTJ:n mukaan nykyään {register}; "
    .. "käytettiin nykyistä nimeä.",
  ["register.nameless"] = "Yrityksen {name} Y-tunnusta ei ole annettu, ja YTJ:ssä on {there}. Jos se "
    .. "on sama yritys, lisää Y-tunnus ({id}) ja jatka; jos se on toinen, tee uusi asiakas valinnalla "
    .. "--set {field}=new.",
  ["register.ceased"] = "{name} ({business_id}) on YTJ:n mukaan lakannut ({day}). Selvitä, ketä "
    .. "laskutetaan.",
  ["register.bankruptcy"] = "{name} ({business_id}) on YTJ:n mukaan asetettu konkurssiin {day}. "
    .. "Selvitä pesänhoitajalta, ketä laskutetaan.",
  ["register.liquidation"] = "{name} ({business_id}) on YTJ:n mukaan selvitystilassa {day} alkaen.",
  ["register.restructuring"] = "{name} ({business_id}) on YTJ:n mukaan yrityssaneerauksessa {day} "
    .. "alkaen.",
  ["register.no_vat"] = "{name} ({business_id}) ei ole YTJ:n mukaan arvonlisäverovelvollisten "
    .. "rekisterissä.",
  ["register.address_taken"] = "Asiakkaan {name} osoitetta ei voitu lukea ({why}); käytettiin YTJ:n "
    .. "osoitetta.",
  -- Asiakkaat ilman Y-tunnusta.
  ["customer.alike"] = "Asiakkaalla {name} ei ole Y-tunnusta, ja Procountorissa on {there}. Jos asiakas "
    .. "on jokin niistä, jatka valitsemalla --set {field}={id} (sen id); jos asiakas on uusi, --set "
    .. "{field}=new. Kun Y-tunnus lisätään tarjoukselle tai kaupalle, asiakas tunnistetaan varmasti.",

  -- What stands in the way of an invoice, as the ready rules say it.
  ["problem.address"] = 'Asiakkaan osoitetta "{address}" ei voitu jakaa katuosoitteeksi, postinumeroksi '
    .. "ja postitoimipaikaksi. Täytä ne omiin kenttiinsä tarjouksen tai kaupan tietoihin.",
  ["problem.no_address"] = "Asiakkaan osoite puuttuu. Lisää se tarjouksen tai kaupan tietoihin.",
  ["problem.business_id"] = 'Y-tunnus "{business_id}" on virheellinen. Korjaa se tarjouksen tai kaupan '
    .. "tietoihin.",
  ["problem.sums"] = "Tarjouksen summa poikkeaa rivien summasta ({sums}). Vertaa tarjousta ja sen "
    .. "rivejä ennen laskutusta.",
  ["problem.twins"] = "Procountorissa on {count} asiakasta samalla Y-tunnuksella "
    .. "{business_id}: {names}. "
    .. "Yhdistä ne tai jätä vain yksi aktiiviseksi.",
  ["problem.too_long"] = '{field}: "{value}" on liian pitkä ({length} merkkiä). Procountor ottaa '
    .. 'enintään {most} merkkiä.',
  ["problem.letters"] = '{field}: tekstissä "{value}" on merkki "{character}", jota Procountor ei '
    .. 'tunne.',
  ["problem.no_name"] = "Asiakkaan nimi puuttuu.",
  ["problem.part_of_address"] = "Asiakkaan osoite on vajaa: katuosoite, postinumero tai "
    .. "postitoimipaikka puuttuu.",
  ["problem.no_deal_address"] = "Asiakkaan osoite puuttuu. Lisää se kaupan tietoihin.",
  ["problem.no_products"] = "Kaupalla ei ole tuoterivejä. Lisää myydyt tuotteet.",
  ["problem.no_table"] = "Tarjouksessa ei ole hintataulukkoa. Lisää se tarjouspohjaan.",
  ["problem.no_id"] = "Tunniste puuttuu.",
  ["problem.no_row_name"] = "Rivillä ei ole nimeä eikä tuotekoodia.",
  ["problem.no_quantity"] = "Riviltä puuttuu määrä.",
  ["problem.no_price"] = "Riviltä puuttuu yksikköhinta.",
  ["problem.no_vat"] = "Riviltä puuttuu ALV-prosentti.",
  ["problem.no_number"] = '"{value}" ei ole luku.',
  ["problem.decimals"] = "Rivin hinnassa tai määrässä on enemmän desimaaleja kuin Procountor "
    .. "säilyttää: rivin summaksi tulisi {after} eikä {before}.",
  ["problem.discount"] = "Alennus {percent} % ei ole mahdollinen.",
  ["problem.vat_percent"] = "ALV {percent} % ei ole käytössä Procountorin myynnissä. Käytössä ovat: "
    .. "{known} %.",
  ["problem.vat_status"] = "ALV-status {status} ei ole käytössä Procountorin myynnissä.",
  ["problem.vat_number"] = "ALV-numero on virheellinen. Korjaa se.",
  ["problem.reference"] = "Viitenumero on virheellinen: tarkiste ei täsmää. Korjaa se tai jätä se "
    .. "pois.",
  ["problem.postal_code"] = "Postinumero ei ole suomalainen (viisi numeroa).",
  ["problem.country"] = 'Procountor ei tunne maata "{country}".',
  ["problem.einvoice"] = "Verkkolaskuosoite on virheellinen. Korjaa se tai jätä se pois.",
  ["problem.einvoice_missing"] = "Lasku lähetettäisiin verkkolaskuna, mutta asiakkaan "
    .. "verkkolaskuosoite tai välittäjä puuttuu.",
  ["problem.no_email"] = "Lasku lähetettäisiin sähköpostilla, mutta asiakkaan sähköpostiosoite puuttuu "
    .. "tai on virheellinen.",
  ["problem.currency"] = "Laskun valuutta olisi {currency}, jonka kurssia ei tunneta. Tee lasku käsin "
    .. "Procountorissa.",
  ["problem.no_currency"] = "Valuutta on virheellinen: tarvitaan sen koodi, EUR.",
  ["problem.terms"] = "Maksuehto {days} päivää ei ole mahdollinen (0–999).",
  ["problem.account"] = "Tilinumero {iban} ei ole Procountorissa käytössä oleva pankkitili.",
  ["problem.rights"] = "Rajapintakäyttäjältä puuttuu Procountorissa oikeuksia: {rights}. Mitään ei "
    .. "kirjattu. Anna oikeudet Procountorin hallinnassa (Käyttäjät ja käyttöoikeudet) ja jatka.",
  ["problem.period"] = "Laskun päivä olisi {date}, mutta kirjanpidon jakso on Procountorissa suljettu "
    .. "({period}). Avaa se siellä ja jatka.",
  ["problem.ledger_sums"] = "Lasku on tehty, mutta sen summa Procountorissa on muu kuin rivien summa "
    .. "({sums}). Vertaa niitä ennen kuin lasku lähetetään.",

  -- To the salesperson whose deal or proposal needs them.
  ["owner.needs"] = '"{title}" ({id}) odottaa sinua: laskutus on kesken.',
  ["owner.then"] = "Kun tieto on korjattu, lähetä se uudelleen laskutettavaksi.",

  -- Alerts: what happened, by kind; and what follows in each case.
  ["alert.over"] = "Kunnossa taas: {about}. Aiemmin ilmoitettiin: {what}",
  ["alert.open"] = "Huomio: {what}",
  ["alert.times"] = "Tähän mennessä {times} kertaa; tässä viimeisin. Kaikki käsittelyä odottavat: "
    .. "sauma attention.",
  ["alert.details"] = "Tarkemmin (englanniksi): {text}",
  ["alert.done"] = "Muissa järjestelmissä jo tehty pysyy, eikä sitä tehdä uudelleen.",
  ["alert.run"] = "Mitä on tehty ja mitä puuttuu: sauma show {run}. Kun asia on korjattu, jatka: "
    .. "sauma retry {run}.",
  ["kind.attention"] = 'sääntö "{about}" odottaa ihmisen päätöstä.',
  ["kind.failed"] = 'sääntö "{about}" pysähtyi virheeseen.',
  ["kind.silence"] = '"{about}" on ollut hiljaa liian kauan: odotettuja tapahtumia ei tule.',
  ["kind.reconnect"] = 'yhteyden "{about}" valtuutus on vanhentunut tai peruttu. Mitään ei '
    .. 'ole kadonnut: '
    .. "ajot odottavat, kunnes yhteys on valtuutettu uudelleen (sauma connect).",
  ["kind.connection-down"] = 'yhteys "{about}" ei toimi. Ajot odottavat ja yrittävät itse uudelleen.',
  ["kind.connection-refused"] = 'yhteys "{about}" ei hyväksy tunnuksia. Korjaa tunnukset tai niiden '
    .. "oikeudet ja jatka pysähtyneitä ajoja.",
  ["kind.connection-address"] = 'yhteyden "{about}" osoitteesta ei saa tokenia. Korjaa yhteyden url '
    .. "ja jatka pysähtyneitä ajoja.",
  ["kind.twins"] = "samasta asiasta on kaksi tietuetta ({about}). Mihinkään ei ole koskettu.",
  ["kind.delivery-conflict"] = "sama toimitustunnus tuli kahdesti eri sisällöllä ({about}).",
  ["kind.company-broken"] = "tallennetut säännöt ovat virheelliset, ja edelliset ovat yhä "
    .. "käytössä.",
  ["kind.backlog"] = "tapahtumia tulee enemmän kuin ehditään käsitellä; osa pyydettiin "
    .. "lähettämään "
    .. "myöhemmin uudelleen.",
  ["kind.refused"] = 'yhteydeltä "{about}" tuli tapahtuma, jota ei voitu ottaa vastaan. Se '
    .. 'on tallessa: '
    .. "sauma events --refused.",
  ["kind.catalogue"] = "kaikki tuotteet eivät ole CRM:ssä niin kuin Procountorissa ({about}).",
  ["kind.overdue"] = "asiakkaalla on laskuja, joiden eräpäivästä on kulunut pitkään ({about}).",
  ["kind.many-alerts"] = "ilmoituksia on nyt niin paljon, ettei niitä lähetetä yksitellen. Kaikki ovat "
    .. "luettelossa: sauma alerts.",
  ["kind.store-size"] = "yrityksen tapahtumia on tallessa enemmän kuin niille on tilaa; uusia otetaan "
    .. "taas, kun tilaa on.",
  ["kind.catalogue-too-large"] = 'yhteyden "{about}" rekisteri on niin suuri, ettei samankaltaisia '
    .. 'etsitä muistista vaan sana kerrallaan.',
  ["kind.left-behind"] = "muutetusta ajosta jäi toiseen järjestelmään jotakin, mikä ei enää kuulu "
    .. "siihen ({about}). Katso, saako se jäädä.",
  ["kind.not-authentic"] = 'yhteyteen "{about}" tulee tapahtumia, joiden allekirjoitus ei täsmää. '
    .. 'Niitä ei oteta vastaan. Tarkista jaettu salaisuus.',
  ["kind.schedule-missed"] = 'ajastuksen "{about}" kertoja jäi väliin, kun palvelin ei ollut '
    .. 'käynnissä. Kaikkia ei tehdä jälkikäteen.',
  ["kind.other"] = "{kind} ({about}).",

  -- Miten lasku on, CRM:n rivillä.
  ["state.unfinished"] = "keskeneräinen",
  ["state.not sent"] = "lähettämättä",
  ["state.open"] = "avoin",
  ["state.partly paid"] = "osittain maksettu",
  ["state.overdue"] = "myöhässä",
  ["state.paid"] = "maksettu",
  ["state.credited"] = "hyvitetty",
  ["state.invalidated"] = "mitätöity",
}
