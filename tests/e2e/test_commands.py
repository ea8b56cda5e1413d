"""What the commands answer when they are used wrongly or asked for what is not there."""
import os

from harness import Case, main, request


class Commands(Case):
    def answer(self, *args):
        done = self.world.sauma(*args, check=False)
        return done.returncode, done.stderr.decode().strip()

    def test_wrong_usage_ends_with_2_and_a_way_on(self):
        w = self.world
        w.start_host()
        data = ("--data", w.data)
        for args, words in (
                (("nothing",), "sauma help"), (("serve",), "--companies"),
                (("serve", "extra", "--companies", w.companies), "'extra'"),
                (("serve", "--workers", "many"), "whole number"),
                (("serve", "--bla",), "--bla"), (("check",), "usage"), (("test",), "usage"),
                (("run", w.companies), "usage"), (("show", *data), "usage"),
                (("runs", "acme", *data), "--company"), (("runs", "--state", "foo", *data), "queued"),
                (("events", "--since", "soon", *data), "30d"), (("secret", "set", "acme"), "usage"),
                (("secret", "set", "acme", "x", *data), "standard input"),
                (("sandbox",), "usage"), (("sandbox", "nothing"), "there is no sandbox"),
                (("sandbox", "slack", "--listen", "here"), "127.0.0.1"),
                (("sandbox", "slack", "--fault", "GET explode"), "lost")):
            with self.subTest(args):
                code, errors = self.answer(*args)
                self.assertEqual(code, 2, errors)
                self.assertIn(words, errors)

    def test_what_is_not_there(self):
        w = self.world
        nowhere = os.path.join(w.dir, "nowhere")
        for args in (("events",), ("runs",), ("show", "run_x"), ("secret", "list"),
                     ("secret", "remove", "acme", "x")):
            with self.subTest(args):
                code, errors = self.answer(*args, "--data", nowhere)
                self.assertEqual(code, 3, errors)
                self.assertIn(nowhere, errors)
                self.assertFalse(os.path.exists(nowhere))
        w.start_host()
        self.assertEqual(self.answer("show", "run_x", "--data", w.data)[0], 1)
        self.assertEqual(self.answer("secret", "remove", "acme", "x", "--data", w.data)[0], 1)
        code, errors = self.answer("serve", "--companies", w.companies, "--data", w.data)
        self.assertEqual(code, 3)
        self.assertIn(f"pid {w.host.p.pid}", errors)

    def test_settings_from_file_environment_and_command_line(self):
        w = self.world
        w.add_company("a", 'company "A" {}\nconnect "webhook" { as = "shop", secret = false }\n')
        path = os.path.join(w.dir, "sauma.conf")
        with open(path, "w") as f:
            f.write(f"# ours\ncompanies = {w.companies}\ndata = {w.data}\nlisten = 127.0.0.1:0\n"
                    "max-body = 100\n")
        body = b'{"x":"' + b"x" * 300 + b'"}'
        for args, env, status in (((), {}, 413), ((), {"SAUMA_MAX_BODY": "1k"}, 202),
                                  (("--max-body", "200"), {"SAUMA_MAX_BODY": "1k"}, 413)):
            with self.subTest(args=args, env=env):
                host = w.start("host", ["serve", *args], dict(env, SAUMA_CONFIG=path))
                address = host.line(r"listening on http://(\S+?),").group(1)
                self.assertEqual(request(address, "POST", "/hooks/a/shop", body)[0], status)
                self.assertEqual(host.stop(), 0)
        for line, words in (("nonsense", ":1: a line must be"), ("max-bdy = 3", "'max-body'"),
                            ("max-body = lots", "64k")):
            with self.subTest(line), open(path, "w") as f:
                f.write(line + "\n")
                f.flush()
                code, errors = self.answer("serve", "--config", path)
                self.assertEqual(code, 2)
                self.assertIn(words, errors)


if __name__ == "__main__":
    main()
