/* The SMTP side of http_out: what is refused before libcurl sees it, a mail on its way, and what
 * the end means. Each mail has a thread of its own for the time it takes: libcurl waits for the
 * answer to QUIT, and the event loop has no time for that. What a thread has is its job's alone
 * until the loop has been told that it is done. */
#include "http_out_mail.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "http_out_impl.h"
#include "http_out_mail_replies.h"
#include "mem.h"

/* Mails that are under way at once, of all companies, and of them to one server, which may take
 * minutes for each; the others wait their turn. */
#define MAILS_AT_ONCE 32
#define MAILS_TO_ONE  4
/* Seconds that a server may take for one answer. */
#define ANSWER_S 300L

enum mail_tls { MAIL_STARTTLS, MAIL_TLS, MAIL_PLAIN };

struct mail_job {
    struct list node; /* of pool.waiting, and of pool.done under the mutex */
    struct list link; /* of pool.running, the loop's */
    bool running;     /* the loop's: it has a thread that was not joined */
    struct mail_pool *pool;
    struct http_out_transfer *transfer; /* the loop's: NULL when nobody waits for it any more */
    pthread_t thread;
    atomic_bool stop;
    enum mail_tls tls;
    char *url, *ca_file, *from, *user, *password;
    struct curl_slist *to;
    long connect_ms, timeout_ms;
    bool public_only;
    const struct http_out *owner; /* for what the operator lets through; never changed */
    struct buf message;
    size_t at; /* bytes of it that libcurl has */

    bool whole;                /* libcurl has all of the message and may have sent its end */
    struct http_out_peer peer; /* what was denied, if it was */
    CURLcode code;
    const char *advice;
    struct mail_replies replies;
    struct http_header refused; /* of the result */
    char error[CURL_ERROR_SIZE];
};

struct mail_pool {
    struct loop_wake *wake;
    struct list waiting, running; /* the loop's */
    int nrunning;
    pthread_mutex_t mutex;
    struct list done; /* under the mutex */
};

static bool fail(struct http_out_transfer *t, const char *what)
{
    snprintf(t->problem, sizeof t->problem, "the mail was not sent: %s", what);
    return false;
}

static bool is_this_machine(const char *host, size_t n)
{
    char ip[16] = "";
    struct in_addr a;
    memcpy(ip, host, n < sizeof ip ? n : 0); /* a name may begin with 127., too */
    return (n == 9 && !strncasecmp(host, "localhost", 9)) ||
           (n == 5 && !memcmp(host, "[::1]", 5)) ||
           (inet_pton(AF_INET, ip, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
}

/* Fills url and origin; libcurl knows the first two schemes only. */
static bool check_address(
    struct http_out_transfer *t, struct mail_job *j, const char *url, bool login)
{
    static const struct {
        const char *scheme, *curl, *port;
        enum mail_tls tls;
    } kinds[] = {{"smtp://", "smtp://", ":587", MAIL_STARTTLS},
        {"smtps://", "smtps://", ":465", MAIL_TLS},
        {"smtp+plain://", "smtp://", ":25", MAIL_PLAIN}};
    size_t k = 0;
    while (k < 3 && (!url || strncasecmp(url, kinds[k].scheme, strlen(kinds[k].scheme)) != 0))
        k++;
    if (k == 3)
        return fail(t, "its address is neither smtp:// nor smtps:// nor smtp+plain://");
    const char *host = url + strlen(kinds[k].scheme);
    size_t n = strcspn(host, "/?#"), name = n;
    if (n == 0 || n > 255 || memchr(host, '@', n))
        return fail(t, "its address names no host, or a user");
    for (size_t i = n; i > 0 && name == n; i--) {
        if (host[i - 1] == ':')
            name = i - 1;
        else if (host[i - 1] < '0' || host[i - 1] > '9')
            break;
    }
    j->tls = kinds[k].tls;
    if (login && j->tls == MAIL_PLAIN && !is_this_machine(host, name))
        return fail(t, "a password is not sent without TLS, except to this machine");
    snprintf(t->origin, sizeof t->origin, "%.*s", (int)(host + n - url), url);
    j->url = mem_printf(
        "%s%.*s%s%s", kinds[k].curl, (int)n, host, name == n ? kinds[k].port : "", host + n);
    return true;
}

static bool add_recipient(struct mail_job *j, const char *address)
{
    char line[MAIL_ADDRESS_MAX + 3];
    if (!mail_address_ok(str_of(address)))
        return false;
    snprintf(line, sizeof line, "<%s>", address);
    struct curl_slist *more = curl_slist_append(j->to, line);
    if (more)
        j->to = more;
    return more != NULL;
}

bool http_out_mail_check(struct http_out_transfer *t, const struct http_out_request *r)
{
    const struct http_out_mail *from = r->mail;
    struct mail_job *j = t->mail = mem_zalloc(1, sizeof *j);
    list_init(&j->node);
    list_init(&j->link);
    buf_init(&j->message, SIZE_MAX / 2);
    snprintf(t->method, sizeof t->method, "MAIL");
    if (!check_address(t, j, r->url, from->user != NULL))
        return false;
    if (!from->from || !mail_address_ok(str_of(from->from)))
        return fail(t, "the sender's address is not one");
    j->from = mem_printf("<%s>", from->from);
    for (int i = 0; i < from->nto; i++)
        if (!add_recipient(j, from->to[i]))
            return fail(t, "a recipient's address is not one");
    if (!j->to)
        return fail(t, "it has no recipients");
    mail_replies_init(&j->replies, from->nto);
    j->user = mem_dup(from->user);
    j->password = mem_dup(from->password);
    j->ca_file = mem_dup(t->owner->config.ca_file);
    j->connect_ms = t->owner->config.connect_ms;
    j->public_only = t->public_only;
    j->owner = t->owner;
    j->timeout_ms = t->timeout_ms > 0 ? (long)t->timeout_ms : 1;
    buf_add(&j->message, r->body.p, r->body.n);
    return true;
}

static void job_free(struct mail_job *j)
{
    list_remove(&j->node);
    curl_slist_free_all(j->to);
    mail_replies_free(&j->replies);
    if (j->password)
        explicit_bzero(j->password, strlen(j->password));
    mem_free(j->url);
    mem_free(j->ca_file);
    mem_free(j->from);
    mem_free(j->user);
    mem_free(j->password);
    buf_free(&j->message);
    mem_free(j);
}

/* ---- on the mail's own thread ---- */

static size_t send_message(char *to, size_t size, size_t n, void *arg)
{
    struct mail_job *j = arg;
    size_t left = j->message.n - j->at;
    size_t take = size * n < left ? size * n : left;
    if (take)
        memcpy(to, j->message.p + j->at, take);
    else
        j->whole = true; /* libcurl now sends the line with the dot */
    j->at += take;
    return take;
}

static size_t take_reply(char *p, size_t size, size_t n, void *arg)
{
    mail_replies_line(&((struct mail_job *)arg)->replies, (struct str){p, n * size});
    return n * size;
}

/* What libcurl does, of which the commands that it sends are wanted. */
static int watch(CURL *easy, curl_infotype type, char *p, size_t n, void *arg)
{
    if (type == CURLINFO_HEADER_OUT)
        mail_replies_sent(&((struct mail_job *)arg)->replies, (struct str){p, n});
    (void)easy;
    return 0;
}

static size_t take_nothing(char *p, size_t size, size_t n, void *arg)
{
    return size * n;
}

static int may_go_on(
    void *arg, curl_off_t down, curl_off_t now_down, curl_off_t up, curl_off_t now_up)
{
    return atomic_load(&((struct mail_job *)arg)->stop);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct mail_job *j = arg;
    return http_out_open_socket(j->owner, true, j->public_only ? &j->peer : NULL, a);
}

/* Connected and logged in; nothing of the mail was sent yet. */
static int about_to_send(void *arg, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct mail_job *j = arg;
    if (j->public_only)
        j->peer = http_out_peer_judge_text(j->owner, peer_ip, peer_port, own_ip, true);
    return j->peer.denied ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode c_ = curl_easy_setopt(easy, option, value);                                       \
        if (c_ != CURLE_OK)                                                                        \
            return c_;                                                                             \
    } while (0)

static CURLcode set_message(struct mail_job *j, CURL *easy)
{
    SET(CURLOPT_ERRORBUFFER, j->error);
    SET(CURLOPT_HEADERFUNCTION, take_reply);
    SET(CURLOPT_HEADERDATA, j);
    SET(CURLOPT_DEBUGFUNCTION, watch);
    SET(CURLOPT_DEBUGDATA, j);
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_WRITEFUNCTION, take_nothing);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, send_message);
    SET(CURLOPT_READDATA, j);
    SET(CURLOPT_MAIL_FROM, j->from);
    SET(CURLOPT_MAIL_RCPT, j->to);
    SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L); /* who is refused keeps it from nobody else */
    if (j->user) {
        SET(CURLOPT_USERNAME, j->user);
        SET(CURLOPT_PASSWORD, j->password ? j->password : "");
    }
    return CURLE_OK;
}

static CURLcode set_connection(struct mail_job *j, CURL *easy)
{
    static const long tls[] = {CURLUSESSL_ALL, CURLUSESSL_ALL, CURLUSESSL_NONE};
    SET(CURLOPT_URL, j->url);
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_USE_SSL, tls[j->tls]);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (j->ca_file)
        SET(CURLOPT_CAINFO, j->ca_file);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, j->connect_ms);
    SET(CURLOPT_TIMEOUT_MS, j->timeout_ms);
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, ANSWER_S);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, j);
    SET(CURLOPT_PREREQFUNCTION, about_to_send);
    SET(CURLOPT_PREREQDATA, j);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, may_go_on);
    SET(CURLOPT_XFERINFODATA, j);
    return CURLE_OK;
}

static void *deliver(void *arg)
{
    struct mail_job *j = arg;
    struct mail_pool *p = j->pool;
    CURL *easy = curl_easy_init();
    j->code = easy ? set_connection(j, easy) : CURLE_FAILED_INIT;
    if (j->code == CURLE_OK)
        j->code = set_message(j, easy);
    if (j->code == CURLE_OK)
        j->code = curl_easy_perform(easy);
    if (easy)
        j->advice = http_out_advice(easy, false);
    curl_easy_cleanup(easy); /* says QUIT, if it was not said yet */
    pthread_mutex_lock(&p->mutex);
    list_append(&p->done, &j->node);
    pthread_mutex_unlock(&p->mutex);
    loop_wake(p->wake);
    return NULL;
}

/* ---- on the loop ---- */

static bool run(struct mail_job *j)
{
    sigset_t all, before;
    sigfillset(&all);
    list_remove(&j->node);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
    bool ok = pthread_create(&j->thread, NULL, deliver, j) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!ok)
        return false;
    j->running = true;
    list_append(&j->pool->running, &j->link);
    j->pool->nrunning++;
    return true;
}

/* The job's transfer is told at the end of this turn; without one the job is gone. */
static void settle(struct mail_job *j)
{
    list_remove(&j->node);
    if (j->transfer)
        http_out_finish(j->transfer);
    else
        job_free(j);
}

static int running_to(const struct mail_pool *p, const char *url)
{
    int n = 0;
    for (const struct list *l = p->running.next; l != &p->running; l = l->next)
        n += strcmp(LIST_OF(l, struct mail_job, link)->url, url) == 0;
    return n;
}

static void fill(struct mail_pool *p)
{
    struct list *next;
    for (struct list *n = p->waiting.next; n != &p->waiting && p->nrunning < MAILS_AT_ONCE;
         n = next) {
        struct mail_job *j = LIST_OF(n, struct mail_job, node);
        next = n->next;
        if (running_to(p, j->url) < MAILS_TO_ONE && !run(j)) {
            j->code = CURLE_FAILED_INIT;
            settle(j);
        }
    }
}

static struct mail_job *take_done(struct mail_pool *p)
{
    pthread_mutex_lock(&p->mutex);
    struct list *n = list_shift(&p->done);
    pthread_mutex_unlock(&p->mutex);
    return n ? LIST_OF(n, struct mail_job, node) : NULL;
}

static void on_wake(void *arg)
{
    struct mail_pool *p = arg;
    struct mail_job *j;
    while ((j = take_done(p))) {
        pthread_join(j->thread, NULL);
        p->nrunning--;
        j->running = false;
        list_remove(&j->link);
        settle(j);
    }
    fill(p);
}

static struct mail_pool *pool_of(struct http_out *h)
{
    if (h->mails)
        return h->mails;
    struct mail_pool *p = mem_zalloc(1, sizeof *p);
    struct err e;
    list_init(&p->waiting);
    list_init(&p->running);
    list_init(&p->done);
    if (!(p->wake = loop_wake_new(h->loop, on_wake, p, &e))) {
        mem_free(p);
        return NULL;
    }
    pthread_mutex_init(&p->mutex, NULL);
    return h->mails = p;
}

void http_out_mail_start(struct http_out_transfer *t)
{
    struct mail_job *j = t->mail;
    if (!(j->pool = pool_of(t->owner))) {
        j->code = CURLE_FAILED_INIT;
        http_out_finish(t);
        return;
    }
    j->transfer = t;
    list_append(&j->pool->waiting, &j->node);
    fill(j->pool);
}

void http_out_mail_free(struct http_out_transfer *t)
{
    struct mail_job *j = t->mail;
    t->mail = NULL;
    if (!j)
        return;
    if (j->running) {
        j->transfer = NULL;
        atomic_store(&j->stop, true);
        return;
    }
    job_free(j);
}

void http_out_mail_stop(struct http_out *h)
{
    struct mail_pool *p = h->mails;
    if (!p)
        return;
    for (struct list *n = p->running.next; n != &p->running; n = n->next)
        atomic_store(&LIST_OF(n, struct mail_job, link)->stop, true);
    /* All of them first: each that ends still touches the list of those that are done. */
    for (struct list *n = p->running.next; n != &p->running; n = n->next)
        pthread_join(LIST_OF(n, struct mail_job, link)->thread, NULL);
    while (!list_empty(&p->running)) {
        struct mail_job *j = LIST_OF(p->running.next, struct mail_job, link);
        list_remove(&j->link);
        job_free(j);
    }
    loop_wake_free(p->wake);
    pthread_mutex_destroy(&p->mutex);
    mem_free(p);
    h->mails = NULL;
}

/* ---- the end ---- */

static const char *words_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "its name could not be resolved";
    case CURLE_COULDNT_CONNECT:
        return "no connection";
    case CURLE_OPERATION_TIMEDOUT:
        return "no answer in time";
    case CURLE_USE_SSL_FAILED:
        return "it offers no STARTTLS, and mails are not sent in the clear";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate is not trusted";
    case CURLE_SSL_CONNECT_ERROR:
        return "TLS failed";
    default:
        return "the connection broke";
    }
}

void http_out_mail_result(struct http_out_transfer *t, struct http_out_result *r)
{
    struct mail_job *j = t->mail;
    char denied[160];
    int refusal = j->code == CURLE_OK ? 0 : mail_replies_refusal(&j->replies);
    if (!t->invalid && !j->peer.denied &&
        (j->code == CURLE_OK || j->code == CURLE_LOGIN_DENIED || refusal)) {
        r->outcome = HTTP_OUT_ANSWERED;
        r->status = j->code == CURLE_OK ? 250 : refusal ? refusal : 535;
        r->body = mail_replies_words(&j->replies);
        j->refused = (struct http_header){STR_LIT("refused"), buf_str(&j->replies.refused)};
        r->headers = &j->refused;
        r->nheaders = j->code == CURLE_OK && j->refused.value.n ? 1 : 0;
        return;
    }
    r->outcome = j->whole ? HTTP_OUT_UNKNOWN : HTTP_OUT_NOT_SENT;
    http_out_peer_words(&j->peer, "its", denied, sizeof denied);
    if (!t->invalid && j->peer.denied)
        snprintf(t->problem, sizeof t->problem, "%s: %s", t->origin, denied);
    else if (!t->invalid)
        snprintf(t->problem, sizeof t->problem, "%s: %s (%s%s)", t->origin, words_of(j->code),
            j->error[0] ? j->error : curl_easy_strerror(j->code),
            j->code == CURLE_PEER_FAILED_VERIFICATION ? j->advice : "");
    r->problem = t->problem;
    r->permanent = r->outcome == HTTP_OUT_NOT_SENT &&
                   (t->invalid || j->peer.denied || j->code == CURLE_USE_SSL_FAILED ||
                       j->code == CURLE_URL_MALFORMAT);
}
