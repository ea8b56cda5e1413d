/* `sauma match products`. */
#ifndef MATCH_PRODUCTS_H
#define MATCH_PRODUCTS_H

#include "conf.h"

#define MATCH_PRODUCTS_OPTIONS                                                                     \
    {"catalog", CONF_TEXT, NULL, "products: CSV file of what is there"},                           \
        {"queries", CONF_TEXT, NULL, "products: CSV file of what comes in"},                       \
        {"query-columns", CONF_TEXT, NULL, "products: headings of the queries, if they differ"},   \
        {"without", CONF_TEXT, NULL, "products: file of catalogue ids to leave out, one a line"},  \
        {"gold", CONF_TEXT, NULL,                                                                  \
            "products: CSV of id_a,id_b, the right answers; adds a summary"},                      \
        {"one-to-one", CONF_FLAG, NULL, "products: link a catalogue record once at most"},         \
        {"explain", CONF_FLAG, NULL, "products: each answer with its evidence"},                   \
        {"cover", CONF_INT, "0",                                                                   \
            "products: least part of both names, in 1000, for a link (0: 750)"},                   \
    {                                                                                              \
        "no-veto", CONF_TEXT, NULL, "products: conflicts that do not keep from a link"             \
    }

/* Reads both tables and prints a decision for each query; the command's exit status. */
int match_products_run(const struct conf *c);

#endif
