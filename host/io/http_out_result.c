/* What a finished transfer means. NOT_SENT is said only when libcurl never came to sending. */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "clock.h"
#include "http_out_impl.h"

/* What a proxy that was asked for the way said: nothing, "not now" (the host cannot be reached from
 * there), or what no retry changes. */
enum proxy_word { PROXY_SILENT, PROXY_LATER, PROXY_CREDENTIALS, PROXY_NO };

static enum proxy_word proxy_word(const struct http_out_transfer *t)
{
    long http = 0, socks = CURLPX_OK;
    if (!t->proxy || !t->given || t->begun)
        return PROXY_SILENT;
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &http);
    curl_easy_getinfo(t->easy, CURLINFO_PROXY_ERROR, &socks);
    if (http == 407 || socks == CURLPX_USER_REJECTED || socks == CURLPX_NO_AUTH)
        return PROXY_CREDENTIALS;
    if ((http >= 400 && http < 500 && http != 408 && http != 429) ||
        socks == CURLPX_REPLY_NOT_ALLOWED || socks == CURLPX_REPLY_COMMAND_NOT_SUPPORTED ||
        socks == CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED)
        return PROXY_NO;
    return http >= 300 || socks != CURLPX_OK ? PROXY_LATER : PROXY_SILENT;
}

/* Is it a proxy by TLS whose certificate or TLS is what failed? With it begins all; a host of TLS
 * behind it is spoken to when it has answered CONNECT. */
static bool failed_at_proxy(const struct http_out_transfer *t)
{
    long answered = 0;
    if (!t->proxy || t->begun || strncasecmp(t->proxy, "https:", 6) != 0)
        return false;
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &answered);
    return !answered;
}

const char *http_out_advice(CURL *easy, bool of_proxy)
{
    long found = X509_V_OK;
    curl_easy_getinfo(
        easy, of_proxy ? CURLINFO_PROXY_SSL_VERIFYRESULT : CURLINFO_SSL_VERIFYRESULT, &found);
    switch (found) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "; it is renewed by who runs that server";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "; is the clock of this machine right?";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "; the server has to send its intermediate certificates, or --ca-file names its "
               "authority";
    default:
        return "";
    }
}

static const char *words_of(const struct http_out_transfer *t)
{
    switch (proxy_word(t)) {
    case PROXY_CREDENTIALS:
        return "its proxy does not take our credentials";
    case PROXY_NO:
        return "its proxy does not let us through";
    case PROXY_LATER:
        return "its proxy has no way there now";
    case PROXY_SILENT:
        break;
    }
    switch (t->code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "its name could not be resolved";
    case CURLE_COULDNT_CONNECT:
        return "no connection";
    case CURLE_OPERATION_TIMEDOUT:
        return t->begun ? "no whole answer in time" : "no connection in time";
    case CURLE_PEER_FAILED_VERIFICATION:
        return failed_at_proxy(t) ? "the certificate of its proxy is not trusted"
                                  : "its certificate is not trusted";
    case CURLE_SSL_CONNECT_ERROR:
        return failed_at_proxy(t) ? "TLS with its proxy failed" : "TLS failed";
    case CURLE_GOT_NOTHING:
        return "the connection was closed without an answer";
    case CURLE_PARTIAL_FILE:
        return "the answer was cut off";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return "the connection broke";
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return "the exchange by HTTP/2 was broken off";
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the name of its proxy could not be resolved";
    case CURLE_PROXY:
        return "its proxy does not let us through";
    case CURLE_SSL_CERTPROBLEM:
        return "the client's certificate or its key cannot be used";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "the answer is not HTTP";
    default:
        return "the exchange failed";
    }
}

/* A write of which nothing more is known than that its connection is gone. */
static bool broke(const struct http_out_transfer *t)
{
    return t->again_refused || (t->write && t->begun && !t->status &&
                                   (t->code == CURLE_GOT_NOTHING || t->code == CURLE_RECV_ERROR ||
                                       t->code == CURLE_SEND_ERROR));
}

static void set_problem(struct http_out_transfer *t)
{
    size_t n = sizeof(t->problem);
    char denied[160];
    if (t->invalid)
        return; /* http_out_check said it */
    http_out_peer_words(&t->peer, t->proxy ? "the proxy's" : "its", denied, sizeof(denied));
    if (t->code == CURLE_URL_MALFORMAT && !t->begun)
        snprintf(t->problem, n, "the request was not sent: its address is not a URL");
    else if (t->peer.denied && !t->begun)
        snprintf(t->problem, n, "%s: %s", t->origin, denied);
    else if (t->undone && t->again_refused)
        snprintf(
            t->problem, n, "%s: the other side refused the request (REFUSED_STREAM)", t->origin);
    else if (broke(t))
        snprintf(t->problem, n,
            "%s: the connection broke before an answer, and a write is not sent a second time",
            t->origin);
    else if (t->over_body)
        snprintf(t->problem, n, "%s: the answer is longer than the limit of %zu bytes", t->origin,
            t->max_body);
    else if (t->over_head)
        snprintf(t->problem, n,
            "%s: the headers of the answer are over the limit of %zu bytes or %d lines", t->origin,
            HTTP_OUT_HEAD_MAX, HTTP_OUT_HEADERS_MAX);
    else if (t->odd)
        snprintf(t->problem, n, "%s: %s", t->origin, t->odd);
    else if (t->code == CURLE_OK)
        snprintf(t->problem, n, "%s: the answer was cut off in %s", t->origin,
            t->head_done ? "what is packed in it" : "its headers");
    else
        snprintf(t->problem, n, "%s: %s (%s%s)", t->origin, words_of(t),
            t->error[0] ? t->error : curl_easy_strerror(t->code),
            t->code == CURLE_PEER_FAILED_VERIFICATION ? http_out_advice(t->easy, failed_at_proxy(t))
                                                      : "");
}

static bool never_sent(const struct http_out_transfer *t)
{
    if (!t->given || (t->undone && t->again_refused))
        return true;
    long sent = 0; /* counted by libcurl: a second witness to `begun` */
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    return !t->begun && (sent == 0 || t->proxy) && !t->status; /* a proxy was asked for the way */
}

static bool is_permanent(const struct http_out_transfer *t)
{
    return t->invalid || t->peer.denied || t->code == CURLE_URL_MALFORMAT ||
           t->code == CURLE_UNSUPPORTED_PROTOCOL || t->code == CURLE_LOGIN_DENIED ||
           t->code == CURLE_SSL_CERTPROBLEM || proxy_word(t) >= PROXY_CREDENTIALS;
}

static int64_t info_us(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, what, &us);
    return us;
}

static struct http_out_timing timing_of(CURL *easy)
{
    long version = 0, connects = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
    return (struct http_out_timing){
        .dns_us = info_us(easy, CURLINFO_NAMELOOKUP_TIME_T),
        .connect_us = info_us(easy, CURLINFO_CONNECT_TIME_T),
        .tls_us = info_us(easy, CURLINFO_APPCONNECT_TIME_T),
        .first_byte_us = info_us(easy, CURLINFO_STARTTRANSFER_TIME_T),
        .total_us = info_us(easy, CURLINFO_TOTAL_TIME_T),
        .reused = connects == 0,
        .version = version == CURL_HTTP_VERSION_1_0   ? 10
                   : version == CURL_HTTP_VERSION_1_1 ? 11
                   : version == CURL_HTTP_VERSION_2_0 ? 20
                                                      : 0,
    };
}

void http_out_deliver(struct http_out_transfer *t)
{
    struct http_header headers[HTTP_OUT_HEADERS_MAX];
    struct http_out_result r = {.status = t->status};
    if (t->mail) {
        http_out_mail_result(t, &r);
        r.duration_us = clock_mono_us() - t->start_us;
        t->done(t->arg, &r);
        return;
    }
    /* libcurl's own buffer for a line has a limit too, and this is its name. */
    t->over_head |= t->code == CURLE_OUT_OF_MEMORY && t->begun && !t->head_done;
    bool whole = !t->invalid && t->code == CURLE_OK && t->head_done && http_out_inflate_whole(t);
    if (whole) {
        r.outcome = HTTP_OUT_ANSWERED;
        for (int i = 0; i < t->nspans; i++) {
            const struct header_span *s = &t->spans[i];
            headers[i].name = (struct str){t->head.p + s->name, s->nname};
            headers[i].value = (struct str){t->head.p + s->value, s->nvalue};
        }
        r.headers = headers;
        r.nheaders = t->nspans;
        r.body = buf_str(&t->body);
    } else {
        set_problem(t);
        r.outcome = never_sent(t) ? HTTP_OUT_NOT_SENT : HTTP_OUT_UNKNOWN;
        r.problem = t->problem;
        r.too_large = t->over_body || t->over_head;
        r.permanent = r.outcome == HTTP_OUT_NOT_SENT && is_permanent(t);
    }
    if (t->given)
        r.timing = timing_of(t->easy);
    r.duration_us = clock_mono_us() - t->start_us;
    t->done(t->arg, &r);
}
