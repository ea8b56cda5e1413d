"""README.md and rules/README.md against what there is: the ten minutes, each command as it stands there,
from nothing to an invoice for a company of one's own; the table of promises; the options of rules."""
import glob
import importlib.util
import json
import os
import re
import subprocess
import sys
import unittest

from harness import BUILD, PATIENCE, ROOT, SAUMA, Case, free_ports, main, request, wait_until


def commands():
    """The shell blocks of the chapter, each a text."""
    with open(os.path.join(ROOT, "README.md")) as f:
        chapter = f.read().split("## Ten minutes")[1].split("\n## ")[0]
    blocks, block = [], None
    for line in chapter.splitlines():
        fence = re.match(r" *```(\w*)$", line)
        if fence and block is None:
            block, shell = [], not fence.group(1)
        elif fence:
            if shell:
                blocks.append("\n".join(block) + "\n")
            block = None
        elif block is not None:
            block.append(line.strip())
    return blocks


class Readme(Case):
    def setUp(self):
        super().setUp()
        self.place = os.path.join(self.world.dir, "place")
        os.mkdir(self.place)
        first = free_ports()
        self.sandbox, self.host = f"127.0.0.1:{first}", f"127.0.0.1:{first + 1}"
        self.env = {k: v for k, v in self.world.env.items() if k != "PROCOUNTOR_URL"}
        self.env["SAUMA_LISTEN"] = self.host  # the default is one port for all

    def text(self, block):
        """A block with what is this machine's: ports, the program, a place for temporary files."""
        # What takes the place of another may hold /tmp/ itself.
        for was, now in (("/tmp/", self.world.dir + "/"), ("127.0.0.1:8701", self.sandbox),
                         ("127.0.0.1:8700", self.host), ("build/sauma", SAUMA),
                         ("run_...", "run_")):
            block = block.replace(was, now)
        return block

    def shell(self, block):
        done = subprocess.run(["sh", "-eu", "-c", self.text(block)], cwd=self.place, env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}")
        return done.stdout

    def stays(self, block, pattern):
        """A block whose last command goes on until it is ended; returns when it says pattern."""
        name = os.path.join(self.world.dir, f"stays-{len(block)}")
        out = open(name, "wb")
        p = subprocess.Popen(["sh", "-c", self.text(re.sub(r"(?m)^(?=build/sauma)", "exec ", block))],
                             cwd=self.place, env=self.env, stdin=subprocess.DEVNULL, stdout=out,
                             stderr=out)
        self.addCleanup(lambda: (p.terminate(), p.wait(timeout=PATIENCE)))

        def address():
            with open(name, errors="replace") as f:
                said = f.read()
            self.assertIsNone(p.poll(), said)
            return re.search(pattern, said)
        wait_until(address, pattern)

    def test_ten_minutes(self):
        new, sandbox, secrets, serve, send, change = commands()
        # The company's own tests are run by others; here they would only take time.
        said = self.shell(re.sub(r"(?m)^build/sauma test .*$", "", new))
        self.assertEqual(said.count("note: needs the secret"), 5, said)
        self.stays(sandbox, r"(?m)^pages ")
        self.assertEqual(self.shell(secrets).count("is set"), 5)
        self.stays(serve, r"listening on \S+, 1 company")
        said = self.shell(send)
        self.assertRegex(said, r'(?m)\{"event":"evt_\w+"\}$')
        self.assertRegex(said, r"(?m)^run +run_\w+ ")

        def done():
            out = subprocess.run([SAUMA, "runs", "--json"], cwd=self.place, env=self.env,
                                 stdout=subprocess.PIPE, timeout=PATIENCE).stdout
            return json.loads(out)["state"] == "done"
        wait_until(done, "the run")
        page = request(self.sandbox, "GET", "/procountor/")[2].decode()
        self.assertIn("UNFINISHED", page)
        said = self.shell(change)
        self.assertIn("was invoiced before", said)
        self.assertIn('invoiceChannel: "EMAIL" -> "MAIL"', said)


def read(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


def cells_of(text):
    """The rows of a chapter's tables, their heads left out: lists of cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {i for i, line in enumerate(lines) if set(line) <= set("|-")}
    return [[cell.strip() for cell in line.strip("|").split("|")] for i, line in enumerate(lines)
            if i not in heads and i + 1 not in heads]


def suites():
    """The command of each suite that tests/run.py runs, as one text."""
    spec = importlib.util.spec_from_file_location("run", os.path.join(ROOT, "tests", "run.py"))
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    return {os.path.relpath(command[-1], ROOT) for _, command in run.suites(BUILD, False)}


def titles(path):
    """What the tests of a company's folder, or of a Python file, are called."""
    if not path.endswith(".py"):
        files = glob.glob(os.path.join(ROOT, path, "tests", "*_test.lua"))
        return {title for name in files
                for title in re.findall(r'^test\("([^"]+)"', read(name), re.M)}
    # The torture's own name for its modules, which are beside it.
    sys.path.insert(0, os.path.join(ROOT, os.path.dirname(path)))
    name = "named_" + os.path.basename(path)[:-3]
    spec = importlib.util.spec_from_file_location(name, os.path.join(ROOT, path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = unittest.defaultTestLoader.loadTestsFromModule(module)
    return {test._testMethodName for suite in found for test in suite}


class Promises(unittest.TestCase):
    """The table of README.md: rules and tests that are named are there, and are run."""

    def test_rules_and_tests_that_are_named_are_run(self):
        chapter = read("README.md").split("## What it promises a company")[1].split("\n## ")[0]
        rows, run = cells_of(chapter), suites()
        self.assertGreater(len(rows), 25)
        options = set().union(*(options_in_code(rule) for rule in RULES))
        for promise, rule, shown in rows:
            for name in re.findall(r"`([^`]+)`", rule):
                self.assertTrue(name in RULES or name in options, f"{promise}: {name}")
            if rule.startswith("none: "):
                self.assertEqual(shown, "", promise)
                continue
            places = re.findall(r'`([^`]+)`((?:,? "[^"]+")+)', shown)
            self.assertTrue(places, promise)
            self.assertEqual(re.sub(r'`[^`]+`(?:,? "[^"]+")+', "", shown).strip("; "), "", promise)
            for path, names in places:
                self.assertIn(path, run, promise)
                for title in re.findall(r'"([^"]+)"', names):
                    self.assertIn(title, titles(path), promise)


RULES = [os.path.basename(path)[:-4] for path in glob.glob(os.path.join(ROOT, "rules", "*.lua"))]
INVOICING = ("proposal_to_invoice", "deal_to_invoice")


def options_in_code(rule):
    """The options that a ready rule takes, as its table of them has them."""
    text = read("rules", rule + ".lua")
    if rule in INVOICING:
        text += read("lua", "invoicing.lua").split("invoicing.OPTIONS = {")[1].split("\n}")[0]
    return set(re.findall(r"(\w+) = \{ type = ", text))


def options_in_words(chapter):
    """The options that a chapter of rules/README.md explains: the first cells of its tables of options,
    and the second of what can be replaced."""
    found = set()
    for table in re.findall(r"(?m)^\| (?:option|step) \|.*\n(?:\|.*\n?)+", chapter):
        column = 1 if table.startswith("| step") else 0
        for cells in cells_of(table):
            found |= {re.match(r"\w+", name).group() for name in re.findall(r"`([^`]+)`", cells[column])}
    return found


class Rules(unittest.TestCase):
    """rules/README.md: each ready rule, each of its options, and no other."""

    def test_options_are_those_of_the_code(self):
        chapters = re.split(r"(?m)^## ", read("rules", "README.md"))
        words = {rule: options_in_words(chapter) for chapter in chapters[1:]
                 for rule in re.findall(r"\w+", chapter.splitlines()[0])}
        for rule in RULES:
            self.assertIn(f"| `{rule}` |", chapters[0])
            code = options_in_code(rule)
            self.assertGreater(len(code), 4, rule)
            shared = code | {"ask"} if rule in INVOICING else code
            self.assertEqual(words.get(rule), shared, rule)

    def test_each_option_is_set_in_a_company_that_is_tested(self):
        companies = [read(name) for pattern in ("examples/*/company.lua", "tests/companies/*/company.lua")
                     for name in glob.glob(os.path.join(ROOT, pattern))]
        companies.append(read("tests", "e2e", "test_alerts.py") + read("tests", "e2e", "test_told.py"))
        for rule in RULES:
            # What both rules that invoice have is the same code.
            same = INVOICING if rule in INVOICING else (rule,)
            users = [text for text in companies if any(f'use "{one}"' in text for one in same)]
            for option in options_in_code(rule) - {"name"}:
                self.assertTrue(any(re.search(rf"\b{option} = ", text) for text in users),
                                f"{rule}: {option}")

    def test_examples_that_are_named_are_there(self):
        for rule, _, example in cells_of(read("rules", "README.md").split("\n## ")[0]):
            self.assertTrue(os.path.exists(os.path.join(ROOT, example.strip("`"))), rule)


BOOKS = {"procountor": """connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "i",
  client_secret = secret "s", api_key = secret "k" }""",
         "click2contract": 'connect "click2contract" { secret = secret "c" }',
         "crm": 'connect "crm" { url = env "CRM_URL", token = secret "t", secret = secret "h" }',
         "slack": 'connect "slack" { url = secret "u" }'}


DECLARES = r'(company|connect|use|rule|schedule|poll) "'


class Snippets(Case):
    """What stands in the texts can be taken as it stands: Lua loads, and the commands are there."""

    TEXTS = ["README.md", "rules/README.md"] + sorted(
        os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "host", "help", "*.md")))

    def sources(self):
        """(where it stands, company.lua): each block of declarations, each `use` or `connect` within a
        line, and the tables within lines of rules/README.md, with what they need beside them. Blocks of
        host/help/ that are the inside of a rule are none."""
        for path in self.TEXTS:
            text = read(*path.split("/"))
            found = [lua for lua in re.findall(r"(?ms)^ *```lua$(.*?)^ *```$", text)
                     if "/help/" not in path or re.match(DECLARES, lua.strip())]
            prose = " ".join(re.sub(r"(?ms)^ *```.*?^ *```$", "", text).split())
            spans = [span for span in re.findall(r"`([^`]+)`", prose) if "..." not in span]
            found += [span for span in spans if re.match(DECLARES, span) and "NAME" not in span]
            tables = [span for span in spans if re.match(r"\{.*\}$", span) and "=" in span]
            found += [f"local _ = {span}" for span in tables if path == "rules/README.md"]
            for lua in found:
                head = "" if re.search(r'(?m)^ *company "', lua) else 'company "X Oy" { language = "fi" }\n'
                have = re.findall(r'(?:connect|as =) "(\w+)"', lua)
                rest = "\n".join(text for name, text in BOOKS.items() if name not in have)
                yield f"{path}: {' '.join(lua.split())[:70]}", f"{head}{rest}\n{lua}\n"

    def test_each_piece_of_lua_loads(self):
        places, folders = [], []
        for place, source in self.sources():
            folders.append(os.path.join(self.world.companies, f"c{len(folders)}"))
            places.append(place)
            os.makedirs(folders[-1])
            with open(os.path.join(folders[-1], "company.lua"), "w") as f:
                f.write(source)
        self.assertGreater(len([place for place in places if place.startswith("rules/")]), 8)
        done = self.world.sauma("check", *folders, "--data", "none", check=False)
        errors = done.stderr.decode()
        wrong = [f"{place}\n  {line}" for place, folder in zip(places, folders)
                 for line in errors.splitlines() if line.startswith(folder + "/")]
        self.assertEqual((wrong, done.returncode), ([], 0), errors)

    def test_each_command_is_there(self):
        for path in self.TEXTS:
            text = " ".join(read(*path.split("/")).split())
            for name in set(re.findall(r"(?:`|build/)sauma ([a-z]+)", text)):
                done = self.world.sauma("help", name, check=False)
                self.assertEqual(done.returncode, 0, f"{path}: sauma {name}")


if __name__ == "__main__":
    main()
