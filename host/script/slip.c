#include "slip.h"

#include <string.h>

#define NAMES "names have the letters a to z, digits and _ alone; others are written [\"so\"]"

static bool holds(struct str s, const char *part)
{
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* Do the double quotation marks of a line of code, up to a comment, come in pairs? */
static bool marks_are_paired(struct str line)
{
    bool inside = false;
    char other = 0;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        if (c == '\\' && (inside || other)) {
            i++;
        } else if (c == '\'' && !inside) {
            other = other ? 0 : c;
        } else if (c == '"' && !other) {
            inside = !inside;
        } else if (!inside && !other && c == '-' && i + 1 < line.n && line.p[i + 1] == '-') {
            break;
        }
    }
    return !inside;
}

const char *slip_of(struct str message, struct str line)
{
    /* Lua names a byte that no token begins with as '<\226>': of a letter with marks, a quotation
     * mark of a word processor, a space that is none. */
    if (holds(message, "near '<\\")) {
        if (holds(line, "\xe2\x80\x9c") || holds(line, "\xe2\x80\x9d") ||
            holds(line, "\xe2\x80\x98") || holds(line, "\xe2\x80\x99"))
            return "quotation marks are written \" here, not as a word processor does";
        return NAMES;
    }
    if (holds(message, "<eof>"))
        return NULL;
    if (!marks_are_paired(line))
        return "a quotation mark is missing in this line";
    if (holds(message, "'}' expected")) {
        if (holds(message, "near '='"))
            return NAMES;
        return "is a comma missing before it?";
    }
    if (holds(line, "!=") && holds(message, "near '!'"))
        return "unequal is written ~=";
    if ((holds(line, "&&") && holds(message, "near '&'")) ||
        (holds(line, "||") && holds(message, "near '|'")))
        return "these are written and, or, not";
    if (holds(message, "<name> expected near") && holds(line, ":"))
        return "a setting is written name = value";
    return NULL;
}
