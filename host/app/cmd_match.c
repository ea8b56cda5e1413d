/* `sauma match`: the matching primitives on a consultant's own data. */
#include <string.h>

#include "command.h"
#include "match_names.h"
#include "match_products.h"

static const struct conf_option match_options[] = {
    {"pairs", CONF_TEXT, NULL, "names: table of pairs, its first line the headings"},
    {"columns", CONF_TEXT, NULL,
        "names: headings of the two columns (name_a,name_b); products: meaning=heading,..."},
    MATCH_PRODUCTS_OPTIONS,
    {NULL, CONF_TEXT, NULL, NULL},
};

static int match_run(const struct conf *c)
{
    const char *what = conf_positionals(c) == 1 ? conf_positional(c, 0) : "";
    if (!strcmp(what, "names"))
        return match_names_run(c);
    if (!strcmp(what, "products"))
        return match_products_run(c);
    return command_fail(STATUS_USAGE, "usage: sauma %s", command_match.usage);
}

const struct command command_match = {
    .name = "match",
    .usage = "match products --catalog FILE --queries FILE ... | match names --pairs FILE",
    .summary = "decide which products or company names are the same",
    .details =
        "products: for each query a JSON object with decision (link, new, review), match, score\n"
        "and candidates; with --explain the evidence, with --gold a last line with the quality.\n"
        "Columns by their meaning: id, name, code, brand, text, price, unit.\n\n"
        "names: for each pair a JSON object with decision (same, different, unsure), score (0 to\n"
        "1) and evidence (what matched and what spoke against it; the weights add up to the\n"
        "score).\n\n"
        "Tables may be separated by commas, semicolons, tabs or bars, and be UTF-8, UTF-16 or\n"
        "Windows-1252. A bad line gives an error in its place, and the others are answered.\n",
    .options = match_options,
    .run = match_run,
};
