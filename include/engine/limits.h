#error "renamed to limit.h: a header named limits.h hides the system's own"
