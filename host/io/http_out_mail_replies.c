#include "http_out_mail_replies.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX  ((size_t)16 << 10)
#define LINE_MAX   512 /* RFC 5321, 4.5.3.1.5 */
#define SHUTS_DOWN 421 /* whatever was asked (RFC 5321, 3.8) */

void mail_replies_init(struct mail_replies *r, int nto)
{
    *r = (struct mail_replies){.nto = nto};
    buf_init(&r->words, WORDS_MAX);
    buf_init(&r->refused, WORDS_MAX);
    buf_init(&r->why, 2 * WORDS_MAX);
}

void mail_replies_free(struct mail_replies *r)
{
    buf_free(&r->words);
    buf_free(&r->refused);
    buf_free(&r->why);
}

void mail_replies_sent(struct mail_replies *r, struct str command)
{
    static const char rcpt[] = "RCPT TO:<";
    size_t n = sizeof rcpt - 1;
    if (command.n >= 4 && !strncasecmp(command.p, "QUIT", 4))
        r->over = true;
    if (r->over)
        return;
    r->asked[0] = '\0';
    r->code = 0;
    if (command.n < n || strncasecmp(command.p, rcpt, n) != 0)
        return;
    const char *end = memchr(command.p + n, '>', command.n - n);
    snprintf(r->asked, sizeof r->asked, "%.*s", end ? (int)(end - command.p - (long)n) : 0,
        command.p + n);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A whole reply about a recipient. */
static void judge(struct mail_replies *r)
{
    if (r->code / 100 == 2)
        return;
    r->nrefused++;
    if (!r->later && r->code < 500)
        r->later = r->code;
    buf_addf(&r->refused, "%s%s", r->refused.n ? ", " : "", r->asked);
    buf_addf(&r->why, "%s%s: ", r->why.n ? "; " : "", r->asked);
    buf_add(&r->why, r->words.p, r->words.n);
}

void mail_replies_line(struct mail_replies *r, struct str line)
{
    line = str_trim(line);
    if (r->over || line.n < 3 || !is_digit(line.p[0]) || !is_digit(line.p[1]) ||
        !is_digit(line.p[2]))
        return;
    if (!r->goes_on)
        buf_clear(&r->words);
    r->code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + line.p[2] - '0';
    r->goes_on = line.n > 3 && line.p[3] == '-';
    /* Of what is longer than a line may be, half a password could be left that is not masked. */
    if (line.n > LINE_MAX)
        buf_addf(&r->words, "%s(%zu bytes)", r->words.n ? " " : "", line.n);
    else if (line.n > 4)
        buf_addf(&r->words, "%s%.*s", r->words.n ? " " : "", (int)(line.n - 4), line.p + 4);
    if (!r->goes_on && r->asked[0])
        judge(r);
}

int mail_replies_refusal(const struct mail_replies *r)
{
    if (r->nrefused == r->nto)
        return r->later ? r->later : r->code;
    /* After a recipient's refusal libcurl goes on, unless there is nobody to go on with. */
    bool ends = !r->asked[0] || r->code == SHUTS_DOWN;
    return ends && r->code >= 400 && !r->goes_on ? r->code : 0;
}

struct str mail_replies_words(const struct mail_replies *r)
{
    return buf_str(r->asked[0] && r->nrefused ? &r->why : &r->words);
}
