/* Both ends of a flow in one thread: posts proposals to a host's webhook port, and is the finance
 * system that the host's rule then asks (GET customer, there half of the time; POST customer; POST
 * invoice). A flow ends when its invoice arrives; then the next proposal is posted. Prints one JSON
 * object with flows a second and latencies from the webhook's first byte to the invoice.
 * usage: flow HOST PORT PATHS BODY-FILE AT-ONCE SECONDS BACKEND-PORT [FLOWS-A-SECOND FIRST]
 * PATHS, with commas between, are taken in turn. With FLOWS-A-SECOND one begins whenever it is due,
 * and its latency counts from then, also when all AT-ONCE connections were busy; FIRST is its
 * number, and "us" lists what each took. With nothing AT-ONCE it is the finance system alone, for
 * events that somebody else posts, and counts the invoices by their references until SIGTERM. In
 * the body %ID% becomes the flow's number, which the rule sends on as "reference". */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 2048
#define BYTES_MAX   16384
#define FLOWS_MAX   4000000
#define BUCKETS     200000
#define PATHS_MAX   64
#define LOOK_NS     100000000 /* so often it looks whether its time is over */

enum role { LISTENER, CLIENT, BACKEND };

struct peer {
    enum role role;
    int fd;
    char in[BYTES_MAX], out[BYTES_MAX];
    size_t in_n, out_n, sent;
    bool busy; /* client: its request has no answer yet */
};

static struct peer *peers[SOCKETS_MAX];
static int npeers;
static int64_t began_at[FLOWS_MAX]; /* by flow; 0: its invoice has come, or it was never begun */
static uint8_t invoiced[FLOWS_MAX]; /* by flow; also those that somebody else began */
static uint64_t invoices, again;    /* references that came, and those that came again */
static volatile sig_atomic_t stopped;
static uint64_t next_flow = 1, finished, refused, twice, gets, customers;
static uint32_t histogram[BUCKETS];
static uint32_t took_us[FLOWS_MAX]; /* with a pace: of each flow, in the order of their ends */
static char body[BYTES_MAX];
static const char *host_name, *paths[PATHS_MAX];
static int ep, at_once, open_flows, npaths;
static int64_t due_ns, every_ns; /* with a pace: when the next flow is due, and the time between */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct peer *add_peer(int fd, enum role role)
{
    struct peer *p = calloc(1, sizeof(*p));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};
    int one = 1;
    if (!p || npeers == SOCKETS_MAX)
        die("too many sockets");
    p->fd = fd;
    p->role = role;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    peers[npeers++] = p;
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    return p;
}

static void flush(struct peer *p)
{
    while (p->sent < p->out_n) {
        ssize_t n = write(p->fd, p->out + p->sent, p->out_n - p->sent);
        if (n < 0)
            return; /* full for now, or gone: the next event tells */
        p->sent += (size_t)n;
    }
    p->out_n = p->sent = 0;
}

static void begin_flow(struct peer *p)
{
    char filled[BYTES_MAX];
    size_t n = 0;
    uint64_t id = next_flow++;
    if (id >= FLOWS_MAX)
        return;
    for (const char *s = body; *s;) {
        if (!strncmp(s, "%ID%", 4)) {
            n +=
                (size_t)snprintf(filled + n, sizeof(filled) - n, "%012llu", (unsigned long long)id);
            s += 4;
        } else {
            filled[n++] = *s++;
        }
    }
    p->out_n = (size_t)snprintf(p->out, sizeof(p->out),
        "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: "
        "%zu\r\n\r\n",
        paths[id % (uint64_t)npaths], host_name, n);
    memcpy(p->out + p->out_n, filled, n);
    p->out_n += n;
    p->sent = 0;
    p->busy = true;
    began_at[id] = every_ns ? due_ns : now_ns();
    due_ns += every_ns;
    open_flows++;
    flush(p);
}

/* Starts flows on idle clients: those that are due, or while fewer than at_once are open. */
static void refill(void)
{
    for (int i = 0; i < npeers && open_flows < at_once; i++) {
        if (every_ns && due_ns > now_ns())
            return;
        if (peers[i]->role == CLIENT && !peers[i]->busy)
            begin_flow(peers[i]);
    }
}

static void invoice_came(const char *request)
{
    const char *ref = strstr(request, "\"reference\":\"");
    uint64_t id = ref ? strtoull(ref + 13, NULL, 10) : 0;
    if (id && id < FLOWS_MAX && invoiced[id])
        again++;
    else if (id && id < FLOWS_MAX)
        invoices += invoiced[id] = 1;
    if (!id || id >= FLOWS_MAX || !began_at[id]) {
        twice++;
        return;
    }
    int64_t us = (now_ns() - began_at[id]) / 1000;
    int64_t bucket = us < 100000 ? us : 100000 + (us - 100000) / 100;
    histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    took_us[finished] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    began_at[id] = 0;
    finished++;
    open_flows--;
}

static void answer(struct peer *p, const char *json)
{
    p->out_n += (size_t)snprintf(p->out + p->out_n, sizeof(p->out) - p->out_n,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(json), json);
}

/* The finance system: the customer is there for every other business ID. */
static void serve(struct peer *p, const char *request)
{
    if (!strncmp(request, "GET ", 4)) {
        const char *space = strchr(request + 4, ' ');
        gets++;
        bool there = space && (space[-1] - '0') % 2 == 0;
        answer(p, there ? "{\"results\":[{\"id\":51234,\"name\":\"Testiasiakas Oy\"}]}"
                        : "{\"results\":[]}");
    } else if (!strncmp(request, "POST /customers", 15)) {
        customers++;
        answer(p, "{\"id\":51235}");
    } else {
        invoice_came(request);
        answer(p, "{\"id\":8464298,\"status\":\"UNFINISHED\",\"total\":2356.89}");
    }
}

/* Bytes of the first whole message in p->in, or 0. */
static size_t whole(const struct peer *p)
{
    const char *end = memmem(p->in, p->in_n, "\r\n\r\n", 4);
    size_t length = 0;
    if (!end)
        return 0;
    for (const char *s = p->in; s < end; s++)
        if ((s == p->in || s[-1] == '\n') && !strncasecmp(s, "content-length:", 15))
            length = strtoul(s + 15, NULL, 10);
    size_t all = (size_t)(end - p->in) + 4 + length;
    return p->in_n >= all ? all : 0;
}

static void handle(struct peer *p)
{
    ssize_t n = read(p->fd, p->in + p->in_n, sizeof(p->in) - 1 - p->in_n);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        if (p->role == CLIENT)
            die("the host closed a connection");
        close(p->fd);
        return;
    }
    p->in_n += (size_t)n;
    p->in[p->in_n] = 0;
    size_t one;
    while ((one = whole(p)) > 0) {
        if (p->role == BACKEND) {
            serve(p, p->in);
        } else {
            p->busy = false;
            if (strncmp(p->in + 9, "202", 3)) {
                refused++;
                open_flows--;
            }
        }
        memmove(p->in, p->in + one, p->in_n - one + 1);
        p->in_n -= one;
    }
    flush(p);
}

static void on_stop(int number)
{
    stopped = number;
}

static double percentile(double q)
{
    uint64_t seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen && (double)seen >= q * (double)finished)
            return (i < 100000 ? i : 100000 + (i - 100000) * 100) / 1000.0;
    }
    return -1;
}

static void listen_on(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0)
        die("listen");
    add_peer(fd, LISTENER);
}

static void dial(const char *host, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
        die("connect");
    add_peer(fd, CLIENT);
}

static void turn(int64_t until_ns)
{
    struct epoll_event events[256];
    int64_t left = until_ns - now_ns();
    struct timespec t = {left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0};
    int ready = epoll_pwait2(ep, events, 256, &t, NULL);
    for (int i = 0; i < ready; i++) {
        struct peer *p = events[i].data.ptr;
        int fd;
        if (p->role != LISTENER) {
            handle(p);
            continue;
        }
        while ((fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
            add_peer(fd, BACKEND);
    }
}

int main(int argc, char **argv)
{
    if (argc != 8 && argc != 10) {
        fprintf(stderr, "usage: flow HOST PORT PATHS BODY-FILE AT-ONCE SECONDS BACKEND-PORT "
                        "[FLOWS-A-SECOND FIRST]\n");
        return 2;
    }
    host_name = argv[1];
    for (char *p = strtok(argv[3], ","); p && npaths < PATHS_MAX; p = strtok(NULL, ","))
        paths[npaths++] = p;
    at_once = atoi(argv[5]);
    FILE *f = fopen(argv[4], "r");
    if (!f || fread(body, 1, sizeof(body) - 1, f) == 0)
        die(argv[4]);
    fclose(f);
    ep = epoll_create1(0);
    listen_on(atoi(argv[7]));
    for (int i = 0; i < at_once; i++)
        dial(host_name, atoi(argv[2]));
    int64_t began = now_ns(), end = began + (int64_t)(atof(argv[6]) * 1e9);
    if (argc == 10) {
        every_ns = (int64_t)(1e9 / atof(argv[8]));
        next_flow = strtoull(argv[9], NULL, 10);
    }
    due_ns = began;
    signal(SIGTERM, on_stop);
    while (now_ns() < end && !stopped) {
        refill();
        int64_t look = now_ns() + LOOK_NS;
        turn(every_ns && due_ns < look ? due_ns : look);
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    uint64_t in_time = finished;
    /* What is under way may land: every accepted proposal must have its invoice. */
    int64_t patience = now_ns() + (int64_t)20e9;
    while (open_flows > 0 && now_ns() < patience)
        turn(now_ns() + LOOK_NS);
    printf("{\"at_once\":%d,\"flows_per_s\":%.0f,\"finished\":%llu,\"lost\":%d,\"twice\":%llu,"
           "\"refused\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"invoices\":%llu,\"again\":%llu",
        at_once, (double)in_time / seconds, (unsigned long long)finished, open_flows,
        (unsigned long long)twice, (unsigned long long)refused, percentile(0.5), percentile(0.99),
        (unsigned long long)invoices, (unsigned long long)again);
    if (every_ns) {
        printf(",\"us\":[");
        for (uint64_t i = 0; i < finished; i++)
            printf("%s%u", i ? "," : "", took_us[i]);
        printf("]");
    }
    printf("}\n");
    return 0;
}
