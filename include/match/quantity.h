/* Numbers with units in product texts, which are folded (fold.h). */
#ifndef QUANTITY_H
#define QUANTITY_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

/* What a unit measures. Values are thousandths of the base unit in brackets. */
enum quantity_unit {
    QUANTITY_NONE,
    QUANTITY_MASS,      /* g */
    QUANTITY_LENGTH,    /* mm */
    QUANTITY_VOLUME,    /* ml */
    QUANTITY_AREA,      /* mm2 */
    QUANTITY_POWER,     /* W */
    QUANTITY_DATA,      /* MB */
    QUANTITY_COUNT,     /* pieces, packs, sheets */
    QUANTITY_TIME,      /* s */
    QUANTITY_KELVIN,    /* K */
    QUANTITY_VOLT,      /* V */
    QUANTITY_AMPERE,    /* A */
    QUANTITY_CHARGE,    /* mAh */
    QUANTITY_FREQUENCY, /* Hz */
    QUANTITY_PERCENT,   /* % */
    QUANTITY_LINES,     /* lines of a picture: 1080p */
    QUANTITY_PIXELS,    /* megapixels */
    QUANTITY_ROTATION,  /* rpm */
    QUANTITY_USERS,     /* users, seats */
    QUANTITY_LIGHT,     /* lm */
    QUANTITY_ENERGY,    /* Wh */
    QUANTITY_HEAT,      /* BTU */
    QUANTITY_PRESSURE,  /* bar */
    QUANTITY_ZOOM,      /* 12x */
    QUANTITY_SOUND,     /* dB */
    QUANTITY_SPEED,     /* Mbit/s, pages a minute */
    QUANTITY_APOSTROPHE /* 5': feet, or inches whose sign got lost: compared as a bare number */
};

/* The number at *p, in thousandths: digits with a decimal comma or point. A comma before exactly
 * three digits groups thousands. *p moves behind it. False if there is none, or it is longer than
 * fifteen digits. */
bool quantity_number(const char **p, const char *end, int64_t *milli);

/* The unit at *p, which follows a number (glued: without a space or hyphen between); *p moves
 * behind it and its full stop. factor: base units per unit.
 * The unit must end there: no letter or digit may follow. */
bool quantity_unit_at(
    const char **p, const char *end, bool glued, enum quantity_unit *unit, double *factor);

/* milli of a unit of that factor, in thousandths of the base unit. */
int64_t quantity_scale(int64_t milli, double factor);

/* Equal but for rounding (half a percent). */
bool quantity_equal(int64_t a, int64_t b);

#endif
