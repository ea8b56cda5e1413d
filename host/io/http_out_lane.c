/* Lanes. For each request libcurl looks through the connections of its multi handle one by one, for
 * one that is free and again when it gives it back, and its timers lie in one tree: at 500 requests
 * under way that costs more than all else it does. So a multi handle has few at a time. The
 * requests to one origin begin at the same lane, where its idle connections are, and go on to the
 * next when that is busy. */
#include <stdint.h>
#include "http_out_impl.h"
#include "mem.h"

#define LANE_BUSY 16 /* transfers of a lane, while another has room */

static int lanes_for(int connections)
{
    return connections <= LANE_BUSY ? 1 : (connections + LANE_BUSY - 1) / LANE_BUSY;
}

/* A lane's share of a limit of all, which the shares together do not pass. */
static long share_of(const struct http_out *h, int limit)
{
    long share = limit / h->nlanes;
    return share ? share : 1;
}

void http_out_lanes_init(struct http_out *h)
{
    h->nlanes = lanes_for(h->config.max_connections);
    h->lanes = mem_zalloc((size_t)h->nlanes, sizeof(h->lanes[0]));
    list_init(&h->kicked);
}

static struct http_out_lane *lane_new(struct http_out *h)
{
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
        curl_multi_setopt(
            lane->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, share_of(h, h->config.max_connections));
    curl_multi_setopt(
        lane->multi, CURLMOPT_MAXCONNECTS, share_of(h, h->config.max_idle_connections));
    return lane;
}

static uint32_t hash_of(const char *text) /* FNV-1a */
{
    uint32_t hash = 2166136261U;
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619U;
    return hash;
}

/* The first lane with room from where the origin's begin; where they begin if none has. */
static struct http_out_lane *lane_for(struct http_out *h, const char *origin)
{
    int first = (int)(hash_of(origin) % (uint32_t)h->nlanes), at = first;
    if (h->nbusy < h->nlanes * LANE_BUSY)
        while (h->lanes[at] && h->lanes[at]->busy >= LANE_BUSY)
            at = at + 1 < h->nlanes ? at + 1 : 0;
    if (!h->lanes[at])
        h->lanes[at] = lane_new(h);
    return h->lanes[at];
}

bool http_out_lane_begin(struct http_out_transfer *t)
{
    struct http_out_lane *lane = lane_for(t->owner, t->origin);
    if (!lane || curl_multi_add_handle(lane->multi, t->easy) != CURLM_OK)
        return false;
    t->lane = lane;
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
}

void http_out_lanes_free(struct http_out *h)
{
    for (int i = 0; i < h->nlanes; i++) {
        struct http_out_lane *lane = h->lanes[i];
        if (!lane)
            continue;
        curl_multi_cleanup(lane->multi);
        loop_timer_free(lane->timer);
        mem_free(lane);
    }
    mem_free(h->lanes);
}
