"""The ten minutes of README.md, each command as it stands there: from nothing to an invoice for a
company of one's own."""
import json
import os
import re
import subprocess

from harness import PATIENCE, ROOT, SAUMA, Case, free_ports, main, request, wait_until


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


if __name__ == "__main__":
    main()
