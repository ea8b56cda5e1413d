/* Shared by the files of the API's part for people only. */
#ifndef API_PEOPLE_PARTS_H
#define API_PEOPLE_PARTS_H

#include "act_request.h"
#include "api_people.h"
#include "list.h"

struct api_people {
    struct engine *engine;
    struct api_reader *reader;
    int64_t bulk_limit;
    struct list bulks; /* under way */
};

/* Those under way act on no further run. */
void api_bulks_stop(struct api_people *p);

#endif
