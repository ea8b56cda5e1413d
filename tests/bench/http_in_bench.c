/* The HTTP server alone, for comparison with peers that store nothing: each POST is judged as JSON,
 * its "id" is read, and the answer is 202 with it. Ends with SIGTERM.
 * usage: http_in_bench LISTEN [CERT KEY] */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "delivery.h"
#include "http_in.h"
#include "log.h"

static void answer(void *arg, struct http_in_exchange *x)
{
    static const struct http_header type = {{"Content-Type", 12}, {"application/json", 16}};
    struct str body = http_in_request(x)->body;
    char none[DELIVERY_TEXT], id[DELIVERY_TEXT], json[DELIVERY_TEXT + 16];
    struct err e = {0};
    if (delivery_read(body, "", none, "id", id, &e) < 0) {
        http_in_reply(x, 400, NULL, 0, STR_NONE);
        return;
    }
    int n = snprintf(json, sizeof(json), "{\"event\":\"%s\"}", id);
    http_in_reply(x, 202, &type, 1, (struct str){json, (size_t)n});
}

static void stop(void *loop)
{
    loop_stop(loop);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct http_in_config c;
    http_in_config_defaults(&c);
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: http_in_bench LISTEN [CERT KEY]\n");
        return 2;
    }
    c.listen = argv[1];
    struct http_tls *tls = argc == 4 ? http_tls_new(argv[2], argv[3], &e) : NULL;
    c.tls = tls;
    signal(SIGPIPE, SIG_IGN);
    struct loop *l = loop_new(&e);
    struct http_in *s = l && (argc == 2 || tls) ? http_in_start(l, &c, answer, NULL, &e) : NULL;
    if (!s) {
        fprintf(stderr, "http_in_bench: %s\n", e.text);
        return 1;
    }
    struct loop_signal *term = loop_signal_new(l, SIGTERM, stop, l);
    loop_run(l);
    loop_signal_free(term);
    http_in_free(s);
    http_tls_free(tls);
    loop_free(l);
    return 0;
}
