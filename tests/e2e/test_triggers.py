"""What starts a rule: automatic, manual, off or a function, for a rule or its whole company."""
from harness import fixture, main
from people import PeopleCase

RULE = 'trigger = "automatic", '


class Triggers(PeopleCase):
    def started(self, rule="", company="", **changes):
        self.change_company(RULE, rule)
        if company:
            self.change_company('time_zone = "Europe/Helsinki"',
                                f'time_zone = "Europe/Helsinki", trigger = {company}')
        self.world.start_host()
        self.world.deliver(fixture(**changes))
        return self.world.settled(1)[0]

    def test_the_company_s_policy_is_for_rules_without_one(self):
        run = self.started(company='"manual"')
        self.assertEqual(run["state"], "held")
        self.assertEqual((run["about"]["amount"], run["about"]["currency"]), ("2356.89", "EUR"))
        self.assertIn("2356.89 EUR", self.act("attention", "--state", "held"))
        # It is not among what went wrong, and whoever looks there is told of it.
        data = ("--data", self.world.data)
        asked = self.world.sauma("attention", *data)
        self.assertEqual((asked.stdout, b"1 held, " in asked.stderr), (b"", True), asked.stderr)
        self.act("send", "--company", "minimal")
        self.ended(run["id"], "done")
        self.assertNotIn(b"held", self.world.sauma("attention", *data).stderr)

    def test_a_rule_s_own_policy_wins(self):
        self.assertEqual(self.started(RULE, '"off"')["state"], "done")

    def test_off_is_a_skip_with_its_place(self):
        run = self.started('trigger = "off", ')
        self.assertEqual(run["state"], "skipped")
        self.assertRegex(run["reason"], r"the rule is off .*company\.lua:\d+")

    def test_what_a_person_sent_at_the_source_is_not_held_again(self):
        self.assertEqual(self.started('trigger = "manual", ', trigger="manual")["state"], "done")

    def test_unless_the_connection_says_so(self):
        self.change_company('connect "click2contract" {',
                            'connect "click2contract" { manual_send = "hold",')
        self.assertEqual(self.started('trigger = "manual", ', trigger="manual")["state"], "held")

    def test_a_function_decides_by_the_proposal(self):
        run = self.started('trigger = function(p) return p.language == "fi" and "manual" '
                           'or "automatic" end, ')
        self.assertEqual(run["state"], "held")

    def test_nonsense_and_errors_park_the_run(self):
        run = self.started('trigger = function(p) return p.id == "1" and p.x.y or "perhaps" end, ')
        self.assertEqual(run["state"], "attention")
        self.assertRegex(run["reason"], r'company\.lua:\d+.*gave "perhaps"')
        self.world.deliver(fixture(id="2", contract__id="1"))
        self.assertRegex(self.world.settled(2)[1]["reason"], r"trigger failed: company\.lua:\d+:")
        self.act("retry", run["id"])
        self.ended(run["id"], "done")

    def test_a_wrong_policy_is_found_at_load(self):
        self.change_company('time_zone = "Europe/Helsinki"',
                            'time_zone = "Europe/Helsinki", trigger = "manul"')
        done = self.world.sauma("check", f"{self.world.companies}/minimal", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r'company\.lua:\d+: .*trigger is "manul".*manual')


if __name__ == "__main__":
    main()
