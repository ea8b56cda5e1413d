"""ids, address and match names: lines in, lines out, one for one, whatever the lines hold."""
import decimal
import json
import pathlib
import random
import subprocess
import tempfile
import unittest

from harness import SAUMA, UNDER, main


def run(*arguments, data=b""):
    return subprocess.run([*UNDER, SAUMA, *arguments], input=data, capture_output=True)


def noise(seed):
    """Bytes of all kinds, a line over a megabyte, CRLF, and a last line without an end."""
    chance = random.Random(seed)
    alphabet = [b"a", b"B", b" ", b"0", b"1", b"9", b",", b"-", b".", b"/", b"\xc3\xa4", b"\xff",
                b"\x00", b"\t", b"\\n", b"\r"]
    lines = [b"".join(chance.choice(alphabet) for _ in range(chance.randrange(120)))
             for _ in range(500)]
    return b"\n".join([*lines, b"x" * 1200000, b"\r", b"last"])


class Lines(unittest.TestCase):
    def test_a_line_for_each_line(self):
        data = noise(1)
        for arguments in (["ids", "fi_ytunnus"], ["ids", "iban"], ["ids", "--dedup", "SE"],
                          ["ids", "eu_vat", "--json"], ["address"],
                          ["address", "--country", "GB"]):
            with self.subTest(arguments=arguments):
                done = run(*arguments, data=data)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                lines = done.stdout.decode().split("\n")  # UTF-8 whatever came in
                self.assertEqual(len(lines) - 1, data.count(b"\n") + 1)
                for line in lines[:-1]:
                    if line.startswith("{"):
                        json.loads(line)

    def test_names_of_any_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "pairs.tsv"
            path.write_bytes(b"\xef\xbb\xbfone\ttwo\r\n" + noise(2))
            done = run("match", "names", "--pairs", str(path), "--columns", "one,two")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), noise(2).count(b"\n") + 1)
        bad = [answer for answer in answers if "error" in answer]
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"pairs.tsv: {len(bad)} of {len(answers)} lines cannot be used", done.stderr.decode())
        self.assertIn("line 502: longer than 1 MB", [answer["error"] for answer in bad])
        for answer in answers:
            self.assertIn(answer["decision"], ("same", "different", "unsure"))
            total = sum(round(note["weight"] * 100) for note in answer["evidence"])
            self.assertEqual(total, round(answer["score"] * 100))

    def test_names_in_any_table(self):
        """Separators, quotes and encodings of a consultant's own files."""
        expected = ["same", "different", "same"]
        rows = [("nimi", "toinen", "x"), ("Åkerlund; Oy", "ÅKERLUND OY", "1"),
                ("Åkerlund Oy", "Åkerlund Ky", "2"), ("Öljy Oy", "Oy Öljy Ab", "3")]
        tables = {
            "semicolons": "".join(";".join(f'"{f}"' for f in r) + "\r\n" for r in rows),
            "commas": "".join(",".join(r) + "\n" for r in rows),
            "bars": "".join("|".join(r) + "\n" for r in rows),
            "tabs": "".join("\t".join(r) + "\n" for r in rows),
        }
        for separator, text in tables.items():
            for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
                with self.subTest(f"{separator} in {encoding}"), \
                        tempfile.TemporaryDirectory() as folder:
                    path = pathlib.Path(folder) / "pairs.csv"
                    path.write_bytes(text.encode(encoding))
                    done = run("match", "names", "--pairs", str(path), "--columns", "nimi,toinen")
                    self.assertEqual((done.returncode, done.stderr), (0, b""))
                    answers = [json.loads(line)["decision"] for line in done.stdout.splitlines()]
                    self.assertEqual(answers, expected)

    def test_a_column_of_any_table(self):
        rows = [("Nimi", "Tunnus, asiakas", "Osoite"), ("Åke", "FI01120389", "Katu 1, 00100 Helsinki"),
                ("B; \"x\"", "=\"0112038-9\"", "Öljykuja 2\nPL 3\n20100 Turku"), ("C", "112038-9", "'7")]
        for separator in ",;\t|":
            quote = lambda f: '"' + f.replace('"', '""') + '"'
            text = "\r\n".join(separator.join(map(quote, r)) for r in rows)
            for encoding in (("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
                             if separator == ";" else ("cp1252",)):
                with self.subTest(separator=separator, encoding=encoding):
                    data = text.encode(encoding)
                    done = run("ids", "fi_ytunnus", "--column", "TUNNUS, asiakas", data=data)
                    self.assertEqual([(line.split("\t")[1:3]) for line in done.stdout.decode().splitlines()],
                                     [["valid", "01120389"]] * 3)
                    self.assertEqual((done.stderr, done.returncode), (b"", 0))
                    done = run("address", "--column", "osoite", data=data)
                    told = [json.loads(line) for line in done.stdout.splitlines()]
                    self.assertEqual([(a["line"], a["city"]) for a in told], [(2, "Helsinki"), (3, "Turku"), (6, "")])
                    self.assertEqual(done.returncode, 0)
                    self.assertIn("1 of 3 lines cannot be used", done.stderr.decode())

    def test_bad_rows_of_a_column_are_told_and_the_others_done(self):
        data = (b'nimi;tunnus\nA;0112038-9\nB\nC;0112038-8;x;\n;\nD;01\x002\nE;"0112038-9\nF;' + b"1" * 1200000 +
                b"\nG\xff;0112038-9\nH;1,12E+07\nI;1120389.0\n" + "\nJÄÖ;0112038-9\n".encode())
        words = {3: "it has 1 field", 4: "more fields", 5: "empty", 6: "NUL", 7: "a quote", 8: "longer than 1 MB",
                 9: "not valid UTF-8", 10: "shortened", 11: "decimal"}
        done = run("ids", "fi_ytunnus", "-", "--column", "tunnus", "--json", data=data)
        answers = {a["line"]: a for a in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(done.returncode, 0)
        self.assertEqual(list(answers), list(range(2, 12)) + [13])
        self.assertEqual([line for line, a in answers.items() if a["valid"]], [2, 13])
        for line, word in words.items():
            self.assertIn(word, answers[line]["reason"])
        self.assertIn("2 valid, 2 invalid, 1 empty, 6 rows that cannot be used; the first that is not valid "
                      "is on line 3", done.stderr.decode())
        keys = run("ids", "--dedup", "FI", "--column", "tunnus", data=data).stdout.decode().split("\n")
        self.assertEqual(keys[0], "0112038-9\tFI:01120389\t")
        self.assertEqual(len(keys) - 1, len(answers))
        self.assertIn("line 9: not valid UTF-8", keys[7])
        done = run("address", "--column", "tunnus", data=data)
        errors = [json.loads(line).get("error", "") for line in done.stdout.splitlines()]
        self.assertEqual(len(errors), len(answers))
        self.assertIn("line 6: a NUL byte", errors)

    def test_a_column_that_cannot_be_told(self):
        for data, column, words in ((b"a;b\n1;2\n", "c", "no column 'c'; the headings of its first line are 'a', 'b'"),
                                    (b"a;A;b\n1;2;3\n", "a", "two columns have the heading"), (b"", "a", "empty"),
                                    (b"\n\n", "a", "no headings"), (b"a\x00;b\n", "b", "line 1: the first line has no headings: a NUL")):
            for command in (["ids", "iban"], ["address"], ["match", "names", "--pairs", "-"]):
                with self.subTest(data=data, command=command):
                    named = ["--columns", f"{column},b"] if command[0] == "match" else ["--column", column]
                    done = run(*command, *named, data=data)
                    self.assertEqual((done.returncode, done.stdout), (2, b""))
                    self.assertIn(words, done.stderr.decode())

    def test_names_in_quotes_over_lines_and_headings_with_commas(self):
        data = 'nro;"Nimi, vanha";Nimi\r\n1;"Aalto\r\nOy";AALTO OY\r\n2;"Aalto;Oy\r\n3;;Aalto\r\n4;Aalto Ky\r\n'.encode()
        done = run("match", "names", "--pairs", "-", "--columns", "Nimi, vanha,nimi", data=data)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([a["decision"] for a in answers], ["same", "unsure", "unsure", "unsure"])
        self.assertEqual([a.get("error", "")[:8] for a in answers], ["", "line 4: ", "line 5: ", "line 6: "])
        self.assertIn("3 of 4 lines cannot be used", done.stderr.decode())
        catalogue = 'id,"Nimi, koko"\n1,Kahvi Paulig 500 g\n'.encode()
        answers, told, status = self.products(b"id,name\nq,Kahvi Paulig 500 g\n", catalogue, "--columns",
                                              "name=Nimi, koko,id=id", "--query-columns", "id=id,name=name")
        self.assertEqual((answers[0]["match"], told, status), ("1", "", 0))

    def products(self, queries, catalogue=None, *arguments):
        """Answers by line, what was told besides, and the status."""
        usual = "id,name,price\n1,Kahvi Paulig 500 g,4.95\n2,Maali valkoinen 9 l,89\n".encode()
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("queries", queries), ("catalogue", catalogue or usual)):
                (pathlib.Path(folder) / f"{name}.csv").write_bytes(data)
            done = run("match", "products", "--catalog", f"{folder}/catalogue.csv", "--queries",
                       f"{folder}/queries.csv", *arguments)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode(), done.returncode

    def test_products_in_any_table(self):
        rows = [("id", "name", "price"), ("=\"001\"", "KAHVI Paulig 500 g", "4,95 €"),
                ("2", "Maali, valkoinen; 9 l", "89")]
        for separator in ",;\t|":
            quote = lambda f: '"' + f.replace('"', '""') + '"'
            text = "\r\n".join(separator.join(map(quote, r)) for r in rows)
            for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"):
                with self.subTest(separator=separator, encoding=encoding):
                    answers, told, status = self.products(text.encode(encoding))
                    self.assertEqual((told, status), ("", 0))
                    self.assertEqual([(a["query"], a["match"]) for a in answers], [("001", "1"), ("2", "2")])

    def test_the_parts_of_a_product_s_score_add_up(self):
        folder = pathlib.Path(__file__).resolve().parents[1] / "data" / "product"
        tables = sorted(folder.rglob("*.csv"))
        self.assertTrue(tables)
        done = run("match", "products", "--catalog", str(tables[0]), "--queries", str(tables[0]), "--explain")
        answers = [json.loads(line, parse_float=decimal.Decimal) for line in done.stdout.splitlines()]
        told = [c for a in answers if "explain" in a for c in a["explain"]["candidates"]]
        self.assertGreater(len(told), 20)
        for candidate in told:
            self.assertEqual(sum(candidate["parts"].values()), candidate["score"])

    def test_bad_lines_of_a_table_are_told_and_the_others_done(self):
        answers, told, status = self.products(
            b"id,name,price\n1,Kahvi Paulig 500 g,abc\n2,\n,Maali\n3,Ka\0hvi,1\n4,Ruuvi 4x40, ltk 200,7\n"
            b'5,"auki,1\n6,' + b"x y " * 300000 + b",2\n7,Maali valkoinen 9 l,,,\n8,Kahvi \xff\n" + "9,Kärpäspaperi\n".encode())
        self.assertEqual(status, 0)
        problems = {a["query"]: a.get("error") for a in answers}
        self.assertEqual(len(answers), 10)
        self.assertEqual([q for q, e in problems.items() if not e], ["1", "7", "9"])
        self.assertIn("line 3: it has neither", problems["2"])
        told_of = " ".join(e for e in problems.values() if e) + " ".join(
            a["error"] for a in answers if a["query"] is None)
        for part in ("line 4: it has no id", "line 5: a NUL byte", "line 6: it has more fields",
                     "line 7: a quote", "line 8: longer than 1 MB", "line 10: not valid UTF-8"):
            self.assertIn(part, told_of)
        self.assertIn("line 2: 'abc' is no price", told)
        self.assertIn("7 of 10 lines", told)
        _, told, status = self.products(b"id,name\nq,Kahvi\n", b"id,name\n1,Kahvi\n1,Tee\n2,\n")
        self.assertEqual(status, 0)
        self.assertIn("catalogue.csv, line 3: id 1 came before", told)
        self.assertIn("catalogue.csv, line 4: it has neither", told)

    def test_headings_that_cannot_be_used(self):
        for queries, words in ((b"", "empty"), (b"1,Kahvi\n2,Tee\n", "'1', 'Kahvi'"),
                               (b"id,name,Name\n1,Kahvi,Tee\n", "two columns have the heading 'name'")):
            with self.subTest(words):
                answers, told, status = self.products(queries)
                self.assertEqual((answers, status), ([], 2))
                self.assertIn(words, told)
        for heading in ("Tuotteen nimi;Tuotekoodi;Hinta", "PRODUCT NAME;Item-code;Unit price", "Benämning;Artikelnummer;Pris"):
            answers, told, status = self.products(f"{heading}\nKahvi Paulig 500 g;;4,95\n".encode("utf-8-sig"))
            self.assertEqual((answers[0]["match"], told, status), ("1", "", 0))
        answers, told, status = self.products(b"sku,title\n1,Kahvi\n", None, "--query-columns", "id=sku,name=nimi")
        self.assertEqual(status, 2)
        self.assertIn("there is no column 'nimi'", told)

    def test_lines_in_other_encodings(self):
        text = "Åkerlundintie 1, 00100 Helsinki\nÖljykuja 2 B 3, 20100 Turku\n"
        for encoding in ("utf-8-sig", "cp1252", "utf-16", "utf-16-be"):
            data = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding)
            with self.subTest(encoding):
                streets = [json.loads(line)["street"]
                           for line in run("address", data=data).stdout.splitlines()]
                self.assertEqual(streets, ["Åkerlundintie 1", "Öljykuja 2 B 3"])

    def test_ids_in_the_contract_of_columns(self):
        done = run("ids", "fi_ytunnus", data="\ufeffFI01120389\r\n1234567-8\n".encode())
        self.assertEqual(done.stdout.decode().split("\n")[:2], [
            "FI01120389\tvalid\t01120389\t0112038-9\t",
            "1234567-8\tinvalid\t\t\tits check digit is 8 and should be 1: a character is mistyped"])

    def test_a_bad_address_does_not_stop_the_rest(self):
        done = run("address", data=b"\xff\nKatu 1\\n00100 Helsinki\n")
        bad, good = map(json.loads, done.stdout.splitlines())
        self.assertIn("UTF-8", bad["error"])
        self.assertEqual((good["street"], good["postal_code"], good["city"]),
                         ("Katu 1", "00100", "Helsinki"))
        self.assertNotIn("error", good)

    def test_addresses_with_a_list_of_towns(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "towns.json"
            path.write_text('[{"postCode":"00100","city":"HELSINKI"},{"postCode":7},{"postCode":"20100",'
                            '"city":"TURKU"}]')
            done = run("address", "--towns", str(path),
                       data=b"Katu 1, 00100\nKatu 2 Turku\nKatu 3, 00100 Turku\nKatu 4\n")
            path.write_text("<html>")
            bad = run("address", "--towns", str(path))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["city"] for r in rows], ["HELSINKI", "Turku", "Turku", ""])
        self.assertEqual([r.get("code_city") for r in rows], [None, None, "HELSINKI", None])
        self.assertIn("error", rows[3])
        self.assertEqual(bad.returncode, 2)
        self.assertIn("towns.json", bad.stderr.decode())

    def test_wrong_usage_says_what_is_right(self):
        for arguments, status, words in ((["ids"], 2, "ids TYPE"),
                                         (["ids", "nosuch"], 2, "help ids"),
                                         (["ids", "--dedup", "ZZ"], 2, "ZZ"),
                                         (["ids", "iban", "nowhere.txt"], 3, "nowhere"),
                                         (["address", "--country", "FIN"], 2, "two letters"),
                                         (["match"], 2, "match"),
                                         (["match", "names"], 2, "--pairs"),
                                         (["match", "names", "--pairs", "/dev/null"], 2, "headings"),
                                         (["match", "names", "--pairs", "/"], 3, "directory"),
                                         (["ids", "iban", "/"], 3, "directory"),
                                         (["match", "products", "--catalog", "nowhere.csv",
                                           "--queries", "q.csv"], 3, "nowhere.csv")):
            with self.subTest(arguments=arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, status)
                self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    main()
