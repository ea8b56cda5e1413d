# host/engine/doubt.c
# a person's word lets go on what was lost after it was said
s/r->doubt.seq < r->reopened_seq ?/r->reopened_seq ?/
