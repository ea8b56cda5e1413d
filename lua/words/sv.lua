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
  ["register.nameless"] = "Företaget {name} saknar FO-nummer, och i FODS finns {there}. Om det är "
    .. "samma företag, lägg till FO-numret ({id}) och fortsätt; om det är ett annat, välj en ny kund "
    .. "med --set {field}=new.",
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
  ["problem.too_long"] = '{field}: "{value}" är för lång ({length} tecken). Procountor tar högst '
    .. '{most} tecken.',
  ["problem.letters"] = '{field}: texten "{value}" innehåller tecknet "{character}", som Procountor '
    .. 'inte känner till.',
  ["problem.no_name"] = "Kundens namn saknas.",
  ["problem.part_of_address"] = "Kundens adress är ofullständig: gatuadress, postnummer eller ort "
    .. "saknas.",
  ["problem.no_deal_address"] = "Kundens adress saknas. Lägg till den i affären.",
  ["problem.no_products"] = "Affären har inga produktrader. Lägg till det som såldes.",
  ["problem.no_table"] = "Offerten saknar pristabell. Lägg till den i offertmallen.",
  ["problem.no_id"] = "Identifieraren saknas.",
  ["problem.no_row_name"] = "En rad har varken namn eller produktkod.",
  ["problem.no_quantity"] = "En rad saknar antal.",
  ["problem.no_price"] = "En rad saknar enhetspris.",
  ["problem.no_vat"] = "En rad saknar momsprocent.",
  ["problem.no_number"] = '"{value}" är inget tal.',
  ["problem.decimals"] = "Radens pris eller antal har fler decimaler än Procountor sparar: radens "
    .. "summa skulle bli {after} i stället för {before}.",
  ["problem.discount"] = "Rabatten {percent} % är inte möjlig.",
  ["problem.vat_percent"] = "Moms {percent} % används inte för försäljning i Procountor. I bruk är: "
    .. "{known} %.",
  ["problem.vat_status"] = "Momsstatus {status} används inte för försäljning i Procountor.",
  ["problem.vat_number"] = "Momsnumret är inte giltigt. Rätta det.",
  ["problem.reference"] = "Referensnumret är inte giltigt: kontrollsiffran stämmer inte. Rätta det "
    .. "eller lämna bort det.",
  ["problem.postal_code"] = "Postnumret är inte finländskt (fem siffror).",
  ["problem.country"] = 'Procountor känner inte till landet "{country}".',
  ["problem.einvoice"] = "E-fakturaadressen är inte giltig. Rätta den eller lämna bort den.",
  ["problem.einvoice_missing"] = "Fakturan skulle skickas som e-faktura, men kundens e-fakturaadress "
    .. "eller operatör saknas.",
  ["problem.no_email"] = "Fakturan skulle skickas med e-post, men kundens e-postadress saknas eller är "
    .. "inte giltig.",
  ["problem.currency"] = "Fakturans valuta vore {currency}, och kursen är inte känd. Gör fakturan för "
    .. "hand i Procountor.",
  ["problem.no_currency"] = "Valutan är inte giltig: dess kod behövs, EUR.",
  ["problem.terms"] = "Betalningsvillkoret {days} dagar är inte möjligt (0–999).",
  ["problem.account"] = "Kontonumret {iban} är inget bankkonto i bruk i Procountor.",
  ["problem.rights"] = "API-användaren saknar rättigheter i Procountor: {rights}. Inget skrevs. Ge "
    .. "rättigheterna i Procountor (användare och rättigheter) och fortsätt.",
  ["problem.period"] = "Fakturan skulle dateras {date}, men bokföringsperioden är stängd i Procountor "
    .. "({period}). Öppna den där och fortsätt.",
  ["problem.ledger_sums"] = "Fakturan är gjord, men dess summa i Procountor är en annan än radernas "
    .. "summa ({sums}). Jämför dem innan fakturan skickas.",

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
  ["kind.connection-address"] = 'på adressen för anslutningen "{about}" ges ingen token. Rätta '
    .. "anslutningens url och fortsätt de körningar som stannat.",
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
  ["kind.store-size"] = "det finns fler händelser sparade än företaget har plats för; nya tas emot "
    .. "igen när det finns plats.",
  ["kind.catalogue-too-large"] = 'registret i anslutningen "{about}" är så stort att liknande poster '
    .. 'söks ord för ord och inte i minnet.',
  ["kind.left-behind"] = "en ändrad körning lämnade något i ett annat system som inte längre hör dit "
    .. "({about}). Se efter om det får vara kvar.",
  ["kind.not-authentic"] = 'till anslutningen "{about}" kommer händelser vars signatur inte stämmer. '
    .. 'De tas inte emot. Kontrollera den delade hemligheten.',
  ["kind.schedule-missed"] = 'tillfällen av schemat "{about}" uteblev när servern inte var i gång. '
    .. 'Alla görs inte i efterhand.',
  ["kind.other"] = "{kind} ({about}).",

  -- Hur fakturan står, på en rad i CRM:en.
  ["state.unfinished"] = "oavslutad",
  ["state.not sent"] = "inte skickad",
  ["state.open"] = "öppen",
  ["state.partly paid"] = "delvis betald",
  ["state.overdue"] = "förfallen",
  ["state.paid"] = "betald",
  ["state.credited"] = "krediterad",
  ["state.invalidated"] = "makulerad",
}
