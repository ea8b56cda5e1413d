/* Where the program's own Lua files are. */
#ifndef HOME_H
#define HOME_H

/* Folder that holds lua/ and rules/: SAUMA_HOME, else share/sauma beside the bin folder of an
 * installation, else the checkout the binary was built in. NULL if there is none. The text
 * belongs to the caller. */
char *home_find(void);

#endif
