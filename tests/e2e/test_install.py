"""What `make install` puts in place works by itself, from another folder, for a company that is
outside the checkout; and a program without its Lua files says what is missing."""
import os
import shutil
import subprocess

from harness import BUILD, ROOT, Case, main


class Installed(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        self.root = os.path.join(w.dir, "root")
        shutil.copytree(os.path.join(ROOT, "examples", "minimal"), os.path.join(w.dir, "acme"))
        os.makedirs(os.path.join(self.root, "usr", "bin"))
        self.sauma = os.path.join(self.root, "usr", "bin", "sauma")

    def install(self):
        """As `make install` does, of the program that is under test."""
        subprocess.run(["make", "--no-print-directory", "-C", ROOT, "-o", "sauma", "install",
                        f"B={BUILD}", f"DESTDIR={self.root}", "PREFIX=/usr"], check=True,
                       stdout=subprocess.DEVNULL)

    def call(self, *args):
        env = {k: v for k, v in self.world.env.items() if k != "SAUMA_HOME"}
        return subprocess.run([self.sauma, *args], env=env, cwd=self.world.dir,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_installed_program_checks_and_tests_a_company(self):
        self.install()
        check = self.call("check", "acme")
        self.assertEqual(check.returncode, 0, check.stdout)
        made = self.call("new", "other", "--from", "shop")
        self.assertEqual(made.returncode, 0, made.stdout)
        self.assertIn("# What a rule may say", self.call("help", "rules").stdout)
        self.assertEqual(self.call("check", "other").returncode, 0)
        test = self.call("test", "acme")
        self.assertEqual(test.returncode, 0, test.stdout)
        self.assertRegex(test.stdout, r"(?m)^[1-9]\d* passed, 0 failed$")

    def test_program_without_its_lua_files_says_so(self):
        shutil.copy(os.path.join(BUILD, "sauma"), self.sauma)
        for command in ("check", "test"):
            done = self.call(command, "acme")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("lua/ and rules/ is not found: set SAUMA_HOME", done.stdout)


if __name__ == "__main__":
    main()
