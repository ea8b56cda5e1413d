#include "mail_text.h"

#include <string.h>
#include <time.h>

/* RFC 2047: an encoded word has at most 75 characters; 36 bytes are 48 of base64, and the
 * name of the header has room in the first line. */
#define WORD_BYTES 36
/* RFC 2045, 6.7: a line has at most 76 characters, its soft end included. */
#define LINE_MAX_CHARS 76
/* Plain text of a header up to here stands in one line (RFC 5322 allows 998). */
#define PLAIN_MAX 200

static bool is_atom(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool mail_address_ok(struct str a)
{
    const char *at = a.n ? memchr(a.p, '@', a.n) : NULL;
    if (!at || a.n > MAIL_ADDRESS_MAX)
        return false;
    size_t local = (size_t)(at - a.p);
    if (local == 0 || local > 64 || local + 1 == a.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        unsigned char c = (unsigned char)a.p[i];
        bool dot = c == '.' && i > 0 && i + 1 < a.n && i != local - 1 && a.p[i - 1] != '.' &&
                   a.p[i - 1] != '@';
        bool domain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        if (i != local && !dot && !(i < local ? is_atom(c) : domain))
            return false;
    }
    return true;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x7f || (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
            return false;
    return s.n <= PLAIN_MAX;
}

static void put_base64(struct buf *out, struct str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        unsigned char b[3] = {0};
        size_t n = s.n - i < 3 ? s.n - i : 3;
        memcpy(b, s.p + i, n);
        buf_addc(out, digits[b[0] >> 2]);
        buf_addc(out, digits[(b[0] & 3) << 4 | b[1] >> 4]);
        buf_addc(out, n > 1 ? digits[(b[1] & 15) << 2 | b[2] >> 6] : '=');
        buf_addc(out, n > 2 ? digits[b[2] & 63] : '=');
    }
}

/* The end of a piece of at most WORD_BYTES that holds whole characters. */
static size_t piece_of(struct str s)
{
    size_t n = s.n < WORD_BYTES ? s.n : WORD_BYTES;
    if (n == s.n)
        return n;
    size_t cut = n;
    while (cut > 0 && ((unsigned char)s.p[cut] & 0xC0) == 0x80)
        cut--;
    return cut ? cut : n;
}

static void put_words(struct buf *out, struct str s)
{
    while (s.n) {
        size_t n = piece_of(s);
        buf_adds(out, "=?UTF-8?B?");
        put_base64(out, (struct str){s.p, n});
        buf_adds(out, "?=");
        s = (struct str){s.p + n, s.n - n};
        if (s.n)
            buf_adds(out, "\r\n ");
    }
}

static void put_text(struct buf *out, struct str s)
{
    if (is_plain(s))
        buf_add(out, s.p, s.n);
    else
        put_words(out, s);
}

static void put_name(struct buf *out, struct str name)
{
    if (!is_plain(name)) {
        put_words(out, name);
        return;
    }
    buf_addc(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, name.p[i]);
    }
    buf_addc(out, '"');
}

static int put_address(
    struct buf *out, const char *field, const struct mail_address *a, struct err *e)
{
    if (!mail_address_ok(a->address))
        return err_set(e, ERR_INPUT, "%s: \"%.*s\" is not a mail address", field,
            (int)(a->address.n < 80 ? a->address.n : 80), a->address.n ? a->address.p : "");
    if (has_control(a->name))
        return err_set(e, ERR_INPUT,
            "%s: the name of %.*s holds a line end or another control "
            "character",
            field, STR_ARG(a->address));
    if (a->name.n > MAIL_SUBJECT_MAX)
        return err_set(e, ERR_LIMIT, "%s: a name is longer than %d bytes", field, MAIL_SUBJECT_MAX);
    if (a->name.n) {
        put_name(out, a->name);
        buf_adds(out, " <");
    } else {
        buf_addc(out, '<');
    }
    buf_add(out, a->address.p, a->address.n);
    buf_addc(out, '>');
    return 0;
}

static int put_list(
    struct buf *out, const char *field, const struct mail_address *list, int n, struct err *e)
{
    for (int i = 0; i < n; i++) {
        buf_adds(out, i ? ",\r\n " : field);
        if (!i)
            buf_adds(out, ": ");
        if (put_address(out, field, &list[i], e) < 0)
            return -1;
    }
    if (n)
        buf_adds(out, "\r\n");
    return 0;
}

static void put_date(struct buf *out, int64_t ms)
{
    char text[64];
    time_t at = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    buf_addf(out, "Date: %s\r\n", text);
}

/* ---- the body ---- */

static void put_quoted(struct buf *out, unsigned char c, size_t *column, bool last)
{
    bool space = c == ' ' || c == '\t';
    bool plain = (c > ' ' && c < 0x7f && c != '=') || (space && !last);
    size_t n = plain ? 1 : 3;
    /* Room for the soft line end, unless the line ends here. */
    if (*column + n > LINE_MAX_CHARS - (last ? 0 : 1)) {
        buf_adds(out, "=\r\n");
        *column = 0;
    }
    if (plain)
        buf_addc(out, (char)c);
    else
        buf_addf(out, "=%02X", c);
    *column += n;
}

static void put_body(struct buf *out, struct str s)
{
    size_t column = 0, i = 0;
    while (i < s.n) {
        if (s.p[i] == '\r' || s.p[i] == '\n') {
            i += s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;
            buf_adds(out, "\r\n");
            column = 0;
            continue;
        }
        bool last = i + 1 == s.n || s.p[i + 1] == '\r' || s.p[i + 1] == '\n';
        put_quoted(out, (unsigned char)s.p[i], &column, last);
        i++;
    }
    if (column)
        buf_adds(out, "\r\n");
}

static int check(const struct mail *m, struct err *e)
{
    if (m->nto + m->ncc == 0)
        return err_set(e, ERR_INPUT, "to: there is nobody to send the mail to");
    if (m->nto + m->ncc > MAIL_RECIPIENTS_MAX)
        return err_set(e, ERR_LIMIT, "to: a mail has at most %d recipients", MAIL_RECIPIENTS_MAX);
    if (has_control(m->subject))
        return err_set(e, ERR_INPUT, "subject: it holds a line end or another control character");
    if (m->subject.n > MAIL_SUBJECT_MAX)
        return err_set(e, ERR_LIMIT, "subject: it is longer than %d bytes", MAIL_SUBJECT_MAX);
    if (!mail_address_ok(m->message_id))
        return err_set(e, ERR_INPUT, "message_id: it is not of the form left@right");
    return 0;
}

int mail_compose(struct buf *out, const struct mail *m, struct err *e)
{
    if (check(m, e) < 0)
        return -1;
    put_date(out, m->date_ms);
    if (put_list(out, "From", &m->from, 1, e) < 0 || put_list(out, "To", m->to, m->nto, e) < 0 ||
        put_list(out, "Cc", m->cc, m->ncc, e) < 0 ||
        put_list(out, "Reply-To", &m->reply_to, m->reply_to.address.n ? 1 : 0, e) < 0)
        return -1;
    buf_adds(out, "Subject: ");
    put_text(out, m->subject);
    buf_addf(out, "\r\nMessage-ID: <%.*s>\r\n", STR_ARG(m->message_id));
    buf_adds(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n"
                  "Auto-Submitted: auto-generated\r\n\r\n");
    put_body(out, m->text);
    return out->failed ? err_set(e, ERR_LIMIT, "the mail is too long") : 0;
}
