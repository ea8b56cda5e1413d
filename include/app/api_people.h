/* The part of /api/v1 that is for people: lists, single runs, and acts. */
#ifndef API_PEOPLE_H
#define API_PEOPLE_H

#include "api_read.h"
#include "engine.h"
#include "http_in.h"

/* Runs that are acted on at once, without "all", by default. */
#define BULK_LIMIT 100

struct api_people;

struct api_people *api_people_new(
    struct engine *engine, struct loop *l, const char *dir, struct err *e);
/* Answers what is still open. Before the engine is freed. */
void api_people_free(struct api_people *p);
struct api_reader *api_people_reader(struct api_people *p);
void api_people_set_limit(struct api_people *p, int64_t bulk_limit);

/* GET /api/v1/{events|runs|attention|acts}?company=&rule=&state=&key=&since=&limit=&event=
 * &reason_like= and GET /api/v1/runs/{id}. False if kind is none of these. */
bool api_people_get(
    struct api_people *p, struct http_in_exchange *x, struct str kind, struct str id);
/* POST /api/v1/runs/{id}/{send|retry|skip|edit}: act_request.h. 200 {"ok":true,"run":"..."}. */
void api_people_act(
    struct api_people *p, struct http_in_exchange *x, struct str id, struct str verb);
/* POST /api/v1/runs/{send|retry|skip} and /api/v1/events/{id}/{...}: many at once. 200 with
 * {"matched":N,"acted":N,"refused":N,"runs":[{"run","ok","error","status"}]}; 409 if more match
 * than the limit. event p NULL: by the filter in the body. */
void api_people_bulk(
    struct api_people *p, struct http_in_exchange *x, struct str event, struct str verb);

#endif
