/* What a mail server replies, and to which recipient: libcurl goes on when it refuses one, since
 * the others shall have the mail, and tells nobody who that was. Pure, no I/O. */
#ifndef HTTP_OUT_MAIL_REPLIES_H
#define HTTP_OUT_MAIL_REPLIES_H

#include <stdbool.h>
#include "buf.h"
#include "mail_text.h"
#include "str.h"

struct mail_replies {
    int nto, nrefused;                /* recipients */
    int later;                        /* the first 4yz that one of them got; 0: none */
    char asked[MAIL_ADDRESS_MAX + 1]; /* whom the last command was about; "": no recipient */
    int code;                         /* of its reply; 0: none came yet */
    bool goes_on;                     /* the reply's last line is still to come */
    bool over;                        /* QUIT was said */
    struct buf words;                 /* of the last reply */
    struct buf refused, why;          /* "a@b.fi, c@d.fi", "a@b.fi: no such user; c@d.fi: ..." */
};

/* To a mail to so many recipients. */
void mail_replies_init(struct mail_replies *r, int nto);
void mail_replies_free(struct mail_replies *r);
/* A command left. */
void mail_replies_sent(struct mail_replies *r, struct str command);
/* A line of a reply came: "250-STARTTLS", "550 5.1.1 no such user". */
void mail_replies_line(struct mail_replies *r, struct str line);
/* What the server refused the mail with, if that is why it ended; else 0. Where it refused every
 * recipient, and one of them for now, the mail as a whole is refused for now. */
int mail_replies_refusal(const struct mail_replies *r);
/* Its words for that, or for having taken the mail. */
struct str mail_replies_words(const struct mail_replies *r);

#endif
