/* A mail through the same client as HTTP requests: libcurl speaks SMTP in a thread for each, 32 at
 * once and 4 to one server, and what is known of the outcome is said in the same words on the loop.
 *
 * The address of a server is smtp://host (STARTTLS is a must, port 587 if none is named),
 * smtps://host (TLS from the first byte, port 465) or smtp+plain://host (no TLS, port 25: a relay
 * on this machine or in its own network; a password is sent to this machine only). Its path is the
 * name said in EHLO.
 *
 * The result's status is 250, or the code with which the server refused the mail, its body the
 * reply's words. A recipient that is refused keeps the mail from nobody else: the header "refused"
 * has who did not get it, "a@b.fi, c@d.fi", and only a mail that nobody may have is refused.
 * NOT_SENT also means that the connection broke before the end of the message: a server must not
 * deliver half a mail (RFC 5321, 4.1.1.4). UNKNOWN: the end was sent, and no reply came. */
#ifndef HTTP_OUT_MAIL_H
#define HTTP_OUT_MAIL_H

#include "mail_text.h"

struct http_out_mail {
    const char *from; /* plain addresses: the envelope */
    const char *const *to;
    int nto;
    const char *user, *password; /* NULL: without AUTH */
};

#endif
