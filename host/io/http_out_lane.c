/* Lanes. For each request libcurl looks through the connections of its multi handle one by one, for
 * one that is free and again when it gives it back, and its timers lie in one tree: at 500 requests
 * under way that costs more than all else it does. So a multi handle has few at a time. The
 * requests to one origin begin at the same lane, where its idle connections are, and go on to the
 * next when that is busy. */
#include <limits.h>
#include <stdint.h>
#include "http_out_impl.h"
#include "mem.h"

#define LANE_MAX 16   /* transfers of a lane, and its connections */
#define REST_MIN 1000 /* ms */

static int lanes_for(int connections)
{
    return connections <= LANE_MAX ? 1 : (connections + LANE_MAX - 1) / LANE_MAX;
}

/* A lane's share of a limit; those of all are the limit. */
static int share_of(const struct http_out *h, int limit, int at)
{
    return limit / h->nlanes + (at < limit % h->nlanes);
}

/* Transfers that a lane may have, each with a connection of its own. */
static int room_of(const struct http_out *h, int at)
{
    return h->config.max_connections ? share_of(h, h->config.max_connections, at) : INT_MAX;
}

bool http_out_lanes_full(const struct http_out *h)
{
    return h->config.max_connections && h->nbusy >= h->config.max_connections;
}

static void lane_free(struct http_out_lane *lane)
{
    list_remove(&lane->kicked);
    curl_multi_cleanup(lane->multi);
    loop_timer_free(lane->timer);
    mem_free(lane);
}

static int64_t rest_ms(const struct http_out *h)
{
    return h->config.max_idle_ms > REST_MIN ? h->config.max_idle_ms : REST_MIN;
}

/* Libcurl closes connections that were idle for too long when it is asked for one; a lane that only
 * a crowd needed may never be asked again. */
static void rest(void *arg)
{
    struct http_out *h = arg;
    bool any = false;
    for (int i = 0; i < h->nlanes; i++) {
        struct http_out_lane *lane = h->lanes[i];
        if (!lane)
            continue;
        if (lane->used || lane->busy) {
            lane->used = false;
            any = true;
            continue;
        }
        lane_free(lane);
        h->lanes[i] = NULL;
    }
    if (any)
        loop_timer_arm(h->rest, rest_ms(h));
}

void http_out_lanes_init(struct http_out *h)
{
    h->nlanes = lanes_for(h->config.max_connections);
    h->lanes = mem_zalloc((size_t)h->nlanes, sizeof(h->lanes[0]));
    h->rest = loop_timer_new(h->loop, rest, h);
    list_init(&h->kicked);
}

static struct http_out_lane *lane_new(struct http_out *h, int at)
{
    int idle = share_of(h, h->config.max_idle_connections, at);
    struct http_out_lane *lane = mem_zalloc(1, sizeof(*lane));
    lane->owner = h;
    list_init(&lane->kicked);
    lane->multi = curl_multi_init();
    if (!lane->multi || http_out_sockets_serve(lane)) {
        curl_multi_cleanup(lane->multi);
        mem_free(lane);
        return NULL;
    }
    if (h->config.max_connections)
        curl_multi_setopt(lane->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)room_of(h, at));
    curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, idle ? (long)idle : 1L); /* 0: no limit */
    loop_timer_arm(h->rest, rest_ms(h));
    return lane;
}

static uint32_t hash_of(const char *text) /* FNV-1a */
{
    uint32_t hash = 2166136261U;
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619U;
    return hash;
}

/* The first lane with room from where the origin's begin. */
static struct http_out_lane *lane_for(struct http_out *h, const char *origin)
{
    int at = (int)(hash_of(origin) % (uint32_t)h->nlanes);
    while (h->lanes[at] && h->lanes[at]->busy >= room_of(h, at))
        at = at + 1 < h->nlanes ? at + 1 : 0;
    if (!h->lanes[at])
        h->lanes[at] = lane_new(h, at);
    return h->lanes[at];
}

bool http_out_lane_begin(struct http_out_transfer *t)
{
    struct http_out_lane *lane = lane_for(t->owner, t->origin);
    if (!lane || curl_multi_add_handle(lane->multi, t->easy) != CURLM_OK)
        return false;
    t->lane = lane;
    t->given = lane->used = true;
    lane->busy++;
    t->owner->nbusy++;
    return true;
}

void http_out_lane_end(struct http_out_transfer *t)
{
    curl_multi_remove_handle(t->lane->multi, t->easy);
    t->lane->busy--;
    t->owner->nbusy--;
    t->lane = NULL;
    if (!list_empty(&t->owner->starting))
        http_out_post(t->owner); /* who waits for its place */
}

void http_out_lanes_free(struct http_out *h)
{
    for (int i = 0; i < h->nlanes; i++)
        if (h->lanes[i])
            lane_free(h->lanes[i]);
    mem_free(h->lanes);
    loop_timer_free(h->rest);
}
