# host/engine/fallback.c
# a company whose folder does not load at start is left without the version that was live
s/^    company_resume(c, on_resumed, c);/    first_over(c, NULL, err);/
