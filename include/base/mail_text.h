/* A mail as the bytes that travel (RFC 5322, 2045 to 2047): pure, no I/O. */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"
#include "err.h"
#include "str.h"

#define MAIL_RECIPIENTS_MAX 50
#define MAIL_ADDRESS_MAX    254 /* RFC 5321, 4.5.3.1.3, without the angle brackets */
#define MAIL_SUBJECT_MAX    1000

struct mail_address {
    struct str name; /* for people, UTF-8; may be empty */
    struct str address;
};

struct mail {
    struct mail_address from, reply_to; /* reply_to.address may be empty */
    const struct mail_address *to, *cc;
    int nto, ncc;
    struct str subject, text; /* UTF-8 */
    struct str message_id;    /* "run_x.3@sauma", without angle brackets */
    int64_t date_ms;
};

/* True for a plain address of ASCII letters, "anna@yritys.fi": nothing that could end its line,
 * name a second one, or carry options of SMTP. */
bool mail_address_ok(struct str address);
/* Appends head and body with CRLF line ends; the body is quoted-printable. -1 and e, in words, if
 * something has no place in a mail: a control character in the subject or a name (it could begin a
 * header of its own), an address that is none, nobody to send it to. */
int mail_compose(struct buf *out, const struct mail *m, struct err *e);

#endif
