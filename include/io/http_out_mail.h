/* A mail through the same client as HTTP requests: libcurl speaks SMTP in a thread for each, 16 at
 * once, and what is known of the outcome is said in the same words on the loop.
 *
 * The address of a server is smtp://host (STARTTLS is a must, port 587 if none is named),
 * smtps://host (TLS from the first byte, port 465) or smtp+plain://host (no TLS, port 25: a relay
 * on this machine or in its own network; a password is sent to this machine only). Its path is the
 * name said in EHLO.
 *
 * The result's status is the server's last reply code, its body that reply's words. NOT_SENT also
 * means that the connection broke before the end of the message: a server must not deliver half a
 * mail (RFC 5321, 4.1.1.4). UNKNOWN: the end was sent, and no reply came. */
#ifndef HTTP_OUT_MAIL_H
#define HTTP_OUT_MAIL_H

#include "mail_text.h"

struct http_out_mail {
    const char *from;      /* plain addresses: the envelope */
    const char *const *to; /* each must be taken, or the mail is refused as a whole */
    int nto;
    const char *user, *password; /* NULL: without AUTH */
};

#endif
