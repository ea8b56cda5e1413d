"""What people are told when something needs them: in their language, by mail to who is responsible."""
import glob
import json
import re
import unittest

from harness import ROOT, Case, fixture, main, request, wait_until

COMPANY = """company "Kertova Oy" { language = "%s", responsible = "vastaava@kertova.example" }
connect "click2contract" { secret = false }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = "x", client_secret = "x", api_key = "x",
                       twins = false, rate = 1000 }
connect "ytj" { url = env "YTJ_URL", rate = 1000, missing = "ask" }
connect "smtp" { url = env "SMTP_URL", from = "noreply@kertova.example", to = "kaikki@kertova.example",
                 rate = 1000 }
use "proposal_to_invoice" { notify = { "smtp" } }
use "tell_alerts" { notify = { "smtp" } }
rule "Break" { on = "click2contract.broken", run = function()
  local name = "nothing" return _ENV[name].at_all end }
"""


class Told(Case):
    def start(self, language):
        w = self.world
        w.start_sandbox("procountor", "ytj", "smtp")
        w.env["YTJ_URL"], w.env["SMTP_URL"] = w.urls["ytj"], w.urls["smtp"]
        w.add_company("acme", COMPANY % language)
        w.start_host()

    def told(self, count):
        def look():
            raw = request(self.world.urls["ytj"].split("/")[2], "GET",
                          "/_control/state?sandbox=smtp")[2]
            mails = json.loads(raw)["mails"]
            return mails if len(mails) >= count else None
        return wait_until(look, f"{count} mails")

    def send(self, **changes):
        self.assertEqual(self.world.deliver(fixture(**changes), company="acme", sign=False)[0], 202)

    def parked(self):
        return [r["id"] for r in self.world.runs(rule="proposal_to_invoice")][0]

    def test_finnish(self):
        self.start("fi")
        self.send(customer__business_id="2646674-9")
        mail, = self.told(1)
        self.assertEqual(mail["to"], "<vastaava@kertova.example>")
        self.assertEqual(mail["subject"],
                         'Huomio: sääntö "proposal_to_invoice" odottaa ihmisen päätöstä.')
        lines = mail["text"].splitlines()
        self.assertEqual(lines[1], "Y-tunnusta 2646674-9 (Testiasiakas Oy) ei löydy YTJ:n avoimesta "
                         "tietopalvelusta. Toiminimet ja osa yhdistyksistä puuttuvat siitä; jos kyseessä "
                         "on yhtiö, tarkista Y-tunnus.")
        self.assertIn("eikä sitä tehdä uudelleen", lines[2])
        self.assertIn("sauma retry " + self.parked(), lines[3])
        self.assertTrue(lines[4].startswith("Tarkemmin (englanniksi): proposal_to_invoice needs"), lines)
        self.assertEqual(len(lines), 5)
        self.world.sauma("skip", self.parked(), "--reason", "ei", "--data", self.world.data)
        self.assertEqual(self.told(2)[1]["text"].strip(),
                         "Kunnossa taas: proposal_to_invoice. Aiemmin ilmoitettiin: sääntö "
                         '"proposal_to_invoice" odottaa ihmisen päätöstä.')
        self.send(id="evt_2", contract__id="2")
        mail = self.told(3)[2]
        self.assertTrue(mail["subject"].startswith("Uusi lasku 1: Testiasiakas Oy, 2"), mail["subject"])
        self.assertEqual(mail["to"], "<kaikki@kertova.example>")

    def test_swedish_with_two_problems(self):
        self.start("sv")
        self.send(customer__business_id="1234567-8", customer__address="Någonstans i Nyland",
                  customer__postal_code=KeyError, customer__city=KeyError)
        text = self.told(1)[0]["text"]
        self.assertIn('Obs: regeln "proposal_to_invoice" väntar på att någon fattar ett beslut.', text)
        self.assertIn('Kundens adress "Någonstans i Nyland" kunde inte delas upp', text)
        self.assertIn('FO-numret "1234567-8" är inte giltigt.', text)
        self.assertIn("görs inte om", text)

    def test_english(self):
        self.start("en")
        self.send(customer__business_id="2646674-9")
        mail, = self.told(1)
        self.assertEqual(mail["subject"], 'Attention: the rule "proposal_to_invoice" needs a person.')
        self.assertIn("The business ID 2646674-9 of Testiasiakas Oy is not in the Finnish Business "
                      "Information System", mail["text"])
        self.assertIn("sauma show " + self.parked(), mail["text"])

    def test_what_has_no_translation_stands_there_in_english(self):
        self.start("fi")
        self.send(event="broken")
        text = self.told(1)[0]["text"]
        self.assertIn('Huomio: sääntö "Break" pysähtyi virheeseen.', text)
        self.assertIn("Tarkemmin (englanniksi): Break failed", text)
        self.assertIn("there is nothing called", text)


class Kinds(unittest.TestCase):
    def test_each_kind_of_alert_has_its_words_in_each_language(self):
        kinds = set()
        for path in glob.glob(f"{ROOT}/host/**/*.c", recursive=True):
            with open(path) as f:
                text = f.read()
            if "alert_raise(" in text:
                kinds |= set(re.findall(r'alert_raise\([^;"]*"([a-z-]+)"', text))
                kinds |= set(re.findall(r'#define (?:KIND|DOWN|REFUSED|ADDRESS|MANY)\s+"([a-z-]+)"', text))
        for path in glob.glob(f"{ROOT}/lua/**/*.lua", recursive=True) + glob.glob(f"{ROOT}/rules/*.lua"):
            with open(path) as f:
                kinds |= set(re.findall(r'op = "alert", kind = "([a-z-]+)"', f.read()))
        kinds |= {"attention", "failed"}
        self.assertGreater(len(kinds), 15)
        for language in ("en", "fi", "sv"):
            with open(f"{ROOT}/lua/words/{language}.lua") as f:
                there = set(re.findall(r'\["kind\.([a-z-]+)"\]', f.read()))
            self.assertEqual(there - {"other"}, kinds, language)


if __name__ == "__main__":
    main()
