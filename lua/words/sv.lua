-- Texts for people, in Swedish. See words.lua.

return {
  -- The Business Information System.
  ["register.missing"] = "FO-numret {business_id} ({name}) finns inte i FODS öppna data. Enskilda "
    .. "näringsidkare och en del föreningar saknas där; kontrollera FO-numret om det gäller "
    .. "ett bolag.",
  ["register.unreachable"] = "Uppgifter om {name} ({business_id}) kunde inte hämtas från FODS: {why}",
  ["register.differs"] = "FO-numret {business_id} tillhör enligt FODS {register} och inte {name}. "
    .. "Rätta FO-numret eller namnet.",
  ["register.renamed"] = "{name} ({business_id}) heter enligt FODS numera {register}; det namnet "
    .. "användes.",
  ["register.ceased"] = "{name} ({business_id}) har enligt FODS upphört ({day}). Ta reda på "
    .. "vem som ska "
    .. "faktureras.",
  ["register.bankruptcy"] = "{name} ({business_id}) är enligt FODS i konkurs sedan {day}. Fråga "
    .. "boförvaltaren vem som ska faktureras.",
  ["register.liquidation"] = "{name} ({business_id}) är enligt FODS i likvidation sedan {day}.",
  ["register.restructuring"] = "{name} ({business_id}) är enligt FODS i företagssanering sedan {day}.",
  ["register.no_vat"] = "{name} ({business_id}) finns enligt FODS inte i momsregistret.",
  ["register.address_taken"] = "Adressen till {name} kunde inte läsas ({why}); adressen i FODS "
    .. "användes.",
  -- Kunder utan FO-nummer.
  ["customer.alike"] = "Kunden {name} har inget FO-nummer, och i Procountor finns {there}. "
    .. "Om kunden är "
    .. "en av dem, fortsätt med --set {field}={id} (dess id); om kunden är ny, med --set {field}=new. "
    .. "När FO-numret läggs till i offerten eller affären är kunden säkert identifierad.",

  -- What stands in the way of an invoice, as the ready rules say it.
  ["problem.address"] = 'Kundens adress "{address}" kunde inte delas upp i gatuadress, postnummer och '
    .. "ort. Fyll i dem i egna fält i offerten eller affären.",
  ["problem.no_address"] = "Kundens adress saknas. Lägg till den i offerten eller affären.",
  ["problem.business_id"] = 'FO-numret "{business_id}" är inte giltigt. Rätta det i offerten eller '
    .. "affären.",
  ["problem.sums"] = "Offertens summa avviker från radernas summa ({sums}). Jämför offerten med dess "
    .. "rader före faktureringen.",
  ["problem.twins"] = "I Procountor finns {count} kunder med samma FO-nummer {business_id}: "
    .. "{names}. Slå "
    .. "ihop dem eller lämna bara en aktiv.",

  -- To the salesperson whose deal or proposal needs them.
  ["owner.needs"] = '"{title}" ({id}) väntar på dig: faktureringen är inte klar.',
  ["owner.then"] = "När uppgiften är rättad, skicka den på nytt för fakturering.",

  -- Alerts: what happened, by kind; and what follows in each case.
  ["alert.over"] = "I ordning igen: {about}. Tidigare meddelades: {what}",
  ["alert.open"] = "Obs: {what}",
  ["alert.times"] = "Hittills {times} gånger; detta är den senaste. Allt som väntar på åtgärd: "
    .. "sauma attention.",
  ["alert.details"] = "Närmare (på engelska): {text}",
  ["alert.done"] = "Det som redan har gjorts i de andra systemen är gjort och görs inte om.",
  ["alert.run"] = "Vad som är gjort och vad som saknas: sauma show {run}. När det är "
    .. "rättat, fortsätt: "
    .. "sauma retry {run}.",
  ["kind.attention"] = 'regeln "{about}" väntar på att någon fattar ett beslut.',
  ["kind.failed"] = 'regeln "{about}" stannade på ett fel.',
  ["kind.silence"] = '"{about}" har varit tyst för länge: de väntade händelserna kommer inte.',
  ["kind.reconnect"] = 'behörigheten för anslutningen "{about}" har gått ut eller '
    .. 'återkallats. Inget har '
    .. "gått förlorat: körningarna väntar tills anslutningen har godkänts på nytt (sauma "
    .. "connect).",
  ["kind.connection-down"] = 'anslutningen "{about}" fungerar inte. Körningarna väntar och försöker '
    .. "igen av sig själva.",
  ["kind.connection-refused"] = 'anslutningen "{about}" godkänner inte inloggningsuppgifterna. '
    .. "Rätta dem eller rättigheterna och fortsätt de körningar som stannat.",
  ["kind.twins"] = "det finns två poster för samma sak ({about}). Inget har rörts.",
  ["kind.delivery-conflict"] = "samma leverans-id kom två gånger med olika innehåll ({about}).",
  ["kind.company-broken"] = "de sparade reglerna är felaktiga, och de tidigare används fortfarande.",
  ["kind.backlog"] = "det kommer fler händelser än vad som hinner behandlas; en del ska "
    .. "avsändaren skicka på nytt senare.",
  ["kind.refused"] = 'från anslutningen "{about}" kom en händelse som inte kunde tas emot. Den är '
    .. "sparad: sauma events --refused.",
  ["kind.catalogue"] = "alla produkter är inte i CRM som de är i Procountor ({about}).",
  ["kind.overdue"] = "kunden har fakturor som förföll för länge sedan ({about}).",
  ["kind.many-alerts"] = "det kommer så många meddelanden att de inte skickas ett och ett. "
    .. "Alla finns i listan: sauma alerts.",
  ["kind.other"] = "{kind} ({about}).",
}
