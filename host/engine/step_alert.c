/* The step of a script that found something wrong which is no single run's: it raises an alert of
 * its company, or ends one. Once, however often the run is replayed. */
#include "alert.h"
#include "step.h"

void step_alert_begin(struct step *s)
{
    const struct jsonv *spec = jsondoc_root(s->doc);
    struct engine *e = s->run->engine;
    const char *company = s->run->company->name;
    const char *kind = jsonv_str(jsonv_get(spec, "kind"), "script");
    const char *about = jsonv_str(jsonv_get(spec, "about"), "");
    if (jsonv_bool(jsonv_get(spec, "over"), false))
        alert_clear(e, company, kind, about);
    else
        alert_raise(e, company, kind, about, "%s", jsonv_str(jsonv_get(spec, "text"), ""));
    step_answer(s, "done", 0, STR_LIT("{}"), STR_LIT(""));
}
