-- Texts for people, in Swedish. See words.lua.

return {
  -- The Business Information System.
  ["register.missing"] = "FO-numret {business_id} ({name}) finns inte i FODS öppna data. Enskilda "
    .. "näringsidkare och en del föreningar saknas där; kontrollera FO-numret om det gäller ett bolag.",
  ["register.unreachable"] = "Uppgifter om {name} ({business_id}) kunde inte hämtas från FODS: {why}",
  ["register.differs"] = "FO-numret {business_id} tillhör enligt FODS {register} och inte {name}. "
    .. "Rätta FO-numret eller namnet.",
  ["register.renamed"] = "{name} ({business_id}) heter enligt FODS numera {register}; det namnet "
    .. "användes.",
  ["register.ceased"] = "{name} ({business_id}) har enligt FODS upphört ({day}). Ta reda på vem som ska "
    .. "faktureras.",
  ["register.bankruptcy"] = "{name} ({business_id}) är enligt FODS i konkurs sedan {day}. Fråga "
    .. "boförvaltaren vem som ska faktureras.",
  ["register.liquidation"] = "{name} ({business_id}) är enligt FODS i likvidation sedan {day}.",
  ["register.restructuring"] = "{name} ({business_id}) är enligt FODS under sanering sedan {day}.",
  ["register.no_vat"] = "{name} ({business_id}) finns enligt FODS inte i momsregistret.",
  ["register.address_taken"] = "Adressen till {name} kunde inte läsas ({why}); adressen i FODS "
    .. "användes.",
  -- Kunder utan FO-nummer.
  ["customer.alike"] = "Kunden {name} har inget FO-nummer, och i Procountor finns {there}. Om kunden är "
    .. "en av dem, fortsätt med --set {field}={id} (dess id); om kunden är ny, med --set {field}=new. "
    .. "Ett FO-nummer där uppgifterna kommer ifrån gör saken säker.",
}
