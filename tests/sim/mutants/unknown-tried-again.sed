# host/engine/retry.c
# a write that was answered 500 is tried again
s/return write ? RETRY_UNKNOWN : RETRY_LATER;/return RETRY_LATER;/
