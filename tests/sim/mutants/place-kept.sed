# host/engine/channel.c
# a place on a connection is not given back
s/^    ch->in_use--;//
