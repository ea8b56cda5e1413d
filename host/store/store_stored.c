/* How much is kept of each company, in bytes: counted by triggers as rows come and go, so that no
 * code path can forget one and nothing is ever added up again. Deliveries that were refused, alerts
 * and sources are not in it: they have bounds of their own. */
#include "store_private.h"

/* What a row takes beside its texts: its fixed columns and its place in the indexes. */
#define EVENT "500"
#define RUN   "400"
#define STEP  "220"
#define LINE  "50"

#define TEXT(v)      "coalesce(length(CAST(" v " AS BLOB)), 0)"
#define STEP_OF(r)   STEP " + " TEXT(r "spec") " + length(" r "body) + " ANSWER_OF(r)
#define ANSWER_OF(r) TEXT(r "meta") " + coalesce(length(" r "answer), 0)"
#define BODY_OF(r)   TEXT(r "headers") " + length(" r "body)"

#define COMPANY_OF_RUN(n)   "(SELECT company FROM runs WHERE n = " n ")"
#define COMPANY_OF_EVENT(n) "(SELECT company FROM events WHERE seq = " n ")"

#define WHEN(name, when, company, more)                                                            \
    "CREATE TRIGGER stored_" name " " when " BEGIN"                                                \
    " UPDATE stored SET bytes = bytes + (" more ") WHERE company = " company "; END;"

const char stored_schema[] =
    "CREATE TABLE stored (company TEXT NOT NULL PRIMARY KEY, bytes INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    /* The same by adding up, for those who check. */
    "CREATE VIEW stored_added_up AS SELECT company, sum(bytes) AS bytes FROM ("
    "SELECT company, " EVENT " AS bytes FROM events"
    " UNION ALL SELECT company, " BODY_OF(
        "b.") " FROM bodies b JOIN events ON seq = b.event"
              " UNION ALL SELECT company, " RUN " + " TEXT(
                  "result") " FROM runs"
                            " UNION ALL SELECT company, " STEP_OF(
                                "s.") " FROM steps s JOIN runs r ON r.n = s.key >> 20"
                                      " UNION ALL SELECT company, " LINE " + " TEXT(
                                          "l.text") " FROM logs l"
                                                    "  JOIN runs r ON r.n = l.key >> 20"
                                                    " UNION ALL SELECT company, " LINE
                                                    " + length(x.body) FROM edits x JOIN events ON seq = x.event"
                                                    " UNION ALL SELECT company, " STEP_OF(
                                                        "o.") " FROM old_steps o JOIN runs r ON r.n = o.run"
                                                              ") GROUP BY company;"
                                                              "INSERT INTO stored SELECT company, bytes FROM stored_added_up;"

                                                              "CREATE TRIGGER stored_event AFTER INSERT ON events BEGIN"
                                                              " INSERT INTO stored VALUES (NEW.company, " EVENT
                                                              ")"
                                                              "  ON CONFLICT (company) DO UPDATE SET bytes = bytes + " EVENT
                                                              "; END;" WHEN("event_gone",
                                                                  "AFTER DELETE ON events",
                                                                  "OLD.company",
                                                                  "-" EVENT) WHEN("body",
                                                                  "AFTER INSERT ON bodies",
                                                                  COMPANY_OF_EVENT("NEW.event"),
                                                                  BODY_OF("NEW.")) WHEN("body_gone",
                                                                  "AFTER DELETE ON bodies",
                                                                  COMPANY_OF_EVENT("OLD.event"),
                                                                  "-(" BODY_OF("OLD.") ")")

                                                                  WHEN("run",
                                                                      "AFTER INSERT ON runs",
                                                                      "NEW.company",
                                                                      RUN " + " TEXT(
                                                                          "NEW.result")) WHEN("result",
                                                                      "AFTER UPDATE OF result ON runs WHEN OLD.result IS NOT NEW.result",
                                                                      "NEW.company",
                                                                      TEXT("NEW.result") " - " TEXT(
                                                                          "OLD.result"))
    /* Before: its earlier steps go with it. */
    WHEN("run_gone", "BEFORE DELETE ON runs", "OLD.company",
        "-(" RUN " + " TEXT("OLD.result") ") - (SELECT coalesce(sum(" STEP_OF(
            "o.") "), 0)"
                  " FROM old_steps o WHERE o.run = OLD.n)")

        WHEN("step", "AFTER INSERT ON steps", COMPANY_OF_RUN("NEW.key >> 20"), STEP_OF("NEW."))
            WHEN("answer", "AFTER UPDATE OF meta, answer ON steps", COMPANY_OF_RUN("NEW.key >> 20"),
                ANSWER_OF("NEW.") " - (" ANSWER_OF("OLD.") ")") WHEN("question",
                "AFTER UPDATE OF spec, body ON steps", COMPANY_OF_RUN("NEW.key >> 20"),
                TEXT("NEW.spec") " + length(NEW.body) - " TEXT(
                    "OLD.spec") " - length(OLD.body)") WHEN("step_gone", "AFTER DELETE ON steps",
                COMPANY_OF_RUN("OLD.key >> 20"), "-(" STEP_OF("OLD.") ")")

                WHEN("line", "AFTER INSERT ON logs", COMPANY_OF_RUN("NEW.key >> 20"),
                    LINE " + " TEXT("NEW.text")) WHEN("line_erased", "AFTER UPDATE OF text ON logs",
                    COMPANY_OF_RUN("NEW.key >> 20"), TEXT("NEW.text") " - " TEXT("OLD.text"))
                    WHEN("line_gone", "AFTER DELETE ON logs", COMPANY_OF_RUN("OLD.key >> 20"),
                        "-(" LINE " + " TEXT("OLD.text") ")")

                        WHEN("edit", "AFTER INSERT ON edits", COMPANY_OF_EVENT("NEW.event"),
                            LINE " + length(NEW.body)") WHEN("edit_gone", "AFTER DELETE ON edits",
                            COMPANY_OF_EVENT("OLD.event"), "-(" LINE " + length(OLD.body))")

                            WHEN("old_step", "AFTER INSERT ON old_steps", COMPANY_OF_RUN("NEW.run"),
                                STEP_OF("NEW.")) WHEN("old_step_erased",
                                "AFTER UPDATE OF spec, body, meta, answer ON old_steps",
                                COMPANY_OF_RUN("NEW.run"),
                                STEP_OF("NEW.") " - (" STEP_OF("OLD.") ")");
